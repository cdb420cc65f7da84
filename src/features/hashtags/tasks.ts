import type { Tasks } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { countHashtag, sweepHashtags } from './hashtag-counts.ts';

/** The jobs of hashtags. */
export function hashtagTasks(stores: Stores): Pick<Tasks, 'countHashtag' | 'sweepHashtags'> {
  return {
    // Idempotent: it stores the current count.
    countHashtag: ({ hashtag }) => countHashtag(stores, hashtag),
    // Idempotent: a repeated run finds nothing left to delete.
    sweepHashtags: () => sweepHashtags(stores),
  };
}
