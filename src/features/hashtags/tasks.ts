import type { Tasks } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { countHashtag, sweepHashtags } from './hashtag-counts.ts';

/** The jobs of hashtags. */
export function hashtagTasks(stores: Stores): Pick<Tasks, 'countHashtag' | 'sweepHashtags'> {
  return {
    // Stores how many there are now.
    countHashtag: ({ hashtag }) => countHashtag(stores, hashtag),
    // Finds less or nothing when it runs again.
    sweepHashtags: () => sweepHashtags(stores),
  };
}
