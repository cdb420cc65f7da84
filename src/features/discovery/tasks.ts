import type { Tasks } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { countHashtag, sweepHashtags } from './hashtag-counts.ts';
import { refreshPopular } from './popular.ts';

/** The jobs of discovery. */
export function discoveryTasks(stores: Stores): Pick<Tasks, 'countHashtag' | 'sweepHashtags' | 'refreshPopular'> {
  return {
    // Stores how many there are now.
    countHashtag: ({ hashtag }) => countHashtag(stores, hashtag),
    // Finds less or nothing when it runs again.
    sweepHashtags: () => sweepHashtags(stores),
    // Leaves a list alone that there is.
    refreshPopular: () => refreshPopular(stores),
  };
}
