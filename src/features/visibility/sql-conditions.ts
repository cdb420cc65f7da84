/**
 * The rules of rules.ts as SQL conditions, for queries that read pages. The two files say the same, except that
 * moderators have no extra rights here. Change both together: test/privacy/matrix.test.ts compares every path.
 */
import { type Sql, sql } from '../../stores/postgres.ts';

/**
 * The condition that the viewer may see a person.
 *
 * @param viewerId null without a session
 * @param person the column with the person's id, such as sql`likes.user_id`
 */
export function personIsVisible(viewerId: bigint | null, person: Sql): Sql {
  const isShown = sql`not exists (select from users hidden where hidden.id = ${person} and hidden.is_hidden)`;
  return viewerId === null ? isShown : sql`(${isShown} and ${noBlockBetween(viewerId, person)})`;
}

/**
 * The condition that the viewer sees a person and does not mute them. Only then does the viewer get notified of what
 * the person does.
 *
 * @param person the column with the person's id
 */
export function personIsVisibleAndUnmuted(viewerId: bigint, person: Sql): Sql {
  return sql`(${personIsVisible(viewerId, person)}
    and not exists (select from mutes where muter_id = ${viewerId} and muted_id = ${person}))`;
}

/**
 * The condition that the viewer may see a photo.
 *
 * @param viewerId null without a session
 * @param photo the column with the photo's id, such as sql`activities.photo_id`, or the id
 */
export function photoIsVisible(viewerId: bigint | null, photo: Sql | bigint): Sql {
  return photoCondition(viewerId, photo, sql`seen.status = 'READY' and seen.hidden_at is null`);
}

/** @param shown what the row of the photo, `seen`, must fulfil for viewers other than its owner */
function photoCondition(viewerId: bigint | null, photo: Sql | bigint, shown: Sql): Sql {
  const open =
    viewerId === null
      ? sql`${shown} and not owner.is_hidden and not owner.is_private`
      : sql`(owner.id = ${viewerId} or (
          ${shown} and not owner.is_hidden and ${noBlockBetween(viewerId, sql`owner.id`)}
          and (not owner.is_private
            or exists (select from follows where follower_id = ${viewerId} and followee_id = owner.id))
        ))`;
  return sql`exists (
    select from photos seen join users owner on owner.id = seen.owner_id where seen.id = ${photo} and ${open}
  )`;
}

/** The newest photos of a place among which one must be visible to the viewer. */
const MAX_PHOTOS_CHECKED = 100;

/**
 * The condition that the viewer may see a place, the row of `places`: they may see one of its newest photos. The name
 * and the point of a place come from its photos.
 *
 * @param viewerId null without a session
 */
export function placeIsVisible(viewerId: bigint | null): Sql {
  return hasRecentPhoto(photoIsVisible(viewerId, sql`newest.photo_id`));
}

/**
 * The condition that the viewer may take their photo at an existing place: they may see one of its newest photos, or
 * will see it when it is READY.
 */
export function placeIsReusable(viewerId: bigint): Sql {
  return hasRecentPhoto(photoCondition(viewerId, sql`newest.photo_id`, sql`seen.hidden_at is null`));
}

function hasRecentPhoto(condition: Sql): Sql {
  return sql`exists (
    select from (
      select photo_id from photo_locations
      where place_id = places.id order by published_id desc limit ${MAX_PHOTOS_CHECKED}::int
    ) newest where ${condition}
  )`;
}

/** The condition that neither of two people blocks the other. Each is an id, or the column with one. */
export function noBlockBetween(viewerId: Sql | bigint, person: Sql): Sql {
  return sql`not exists (select from blocks where blocker_id = ${viewerId} and blocked_id = ${person})
    and not exists (select from blocks where blocker_id = ${person} and blocked_id = ${viewerId})`;
}

/** The people whom the viewer blocks or who block the viewer, as a query with the column `id`. */
export function blockedPeople(viewerId: bigint): Sql {
  return sql`(select blocked_id as id from blocks where blocker_id = ${viewerId}
    union select blocker_id from blocks where blocked_id = ${viewerId})`;
}
