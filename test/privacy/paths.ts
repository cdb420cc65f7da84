/** The paths of the matrix as GraphQL documents, each with what the rules let it show of a target to a viewer. */
import type { Marks, rules, Subject, Target, Viewer, World } from './world.ts';

/** What a path shows of a target. */
export type Shown = Partial<Record<keyof Marks, boolean>>;
type Rules = ReturnType<typeof rules>;

/** One query of the matrix. */
export interface Path {
  name: string;
  document: string;
  /** Absent when the query does not depend on the target: then it runs once for all targets. */
  variables?(subject: Subject): object;
  /** The query is UNAUTHENTICATED without a session. */
  needsSession?: true;
  shows(can: Rules, viewer: Viewer, target: Target): Shown;
  /** Further checks of an answer. @throws Error */
  check?(data: never, viewer: Viewer, world: World): void;
}

const USER_STATE = `viewerFollows followsViewer viewerRequested requestedViewer isBlockedByViewer isMutedByViewer
  isPrivate photoCount followerCount followingCount`;
const USER = `id username displayName bio createdAt avatar { url expiresAt } ${USER_STATE}`;
const CARD = 'id username displayName bio';
const PHOTO = `id caption status width height thumbhash createdAt publishedAt likeCount commentCount viewerHasLiked
  isHidden hashtags failure { code } image(size: WIDTH_320) { url expiresAt } owner { ${CARD} }`;
const COMMENT = `id text createdAt author { ${CARD} } photo { id caption owner { ${CARD} } }`;
const PEOPLE = `edges { cursor node { ${CARD} } } nodes { ${CARD} } pageInfo { hasNextPage endCursor }`;
const PHOTOS = `edges { cursor node { ${PHOTO} } } nodes { id caption } pageInfo { hasNextPage endCursor }`;
const COMMENTS = `edges { cursor node { id text author { ${CARD} } } } nodes { id text } pageInfo { hasNextPage }`;

const card = (shown: boolean): Shown => ({ person: shown, name: shown, bio: shown });

/** Paths that lead to the photo through its place show both, or neither. */
const photoAndPlace = ({ photoListed }: Rules): Shown => ({
  ...card(photoListed),
  photo: photoListed,
  place: photoListed,
});

/** Every query. */
export const QUERIES: readonly Path[] = [
  {
    name: 'node of the person',
    document: `query ($id: ID!) { node(id: $id) { id ... on User { ${USER} } } }`,
    variables: ({ person }) => ({ id: person.id }),
    shows: (can) => card(can.person),
  },
  {
    name: 'nodes of everything',
    document: `query ($ids: [ID!]!) { nodes(ids: $ids) {
      id ... on User { ${CARD} } ... on Photo { caption } ... on Comment { text } } }`,
    variables: ({ person, photoId, commentId, elsewhereId }) => ({ ids: [person.id, photoId, commentId, elsewhereId] }),
    shows: (can) => ({ ...card(can.person), photo: can.photo, comment: can.photo, elsewhere: can.person }),
  },
  {
    name: 'profile with photos',
    document: `query ($name: String!) { user(username: $name) { ${CARD} photos(first: 5) { ${PHOTOS} } } }`,
    variables: ({ person }) => ({ name: person.username }),
    shows: (can) => ({ ...card(can.person), photo: can.photoListed }),
  },
  {
    name: 'search for the person',
    document: `query ($name: String!) { searchPeople(text: $name) { ${CARD} } }`,
    variables: ({ person }) => ({ name: person.username }),
    shows: (can) => card(can.personListed),
  },
  {
    name: 'search for the hashtag of the photo',
    document: `query ($name: String!) { searchHashtags(text: $name) { name photoCount } }`,
    variables: ({ marks }) => ({ name: marks.photo }),
    shows: (can) => ({ photo: can.photoListed }),
  },
  {
    name: 'hashtag of the photo',
    document: `query ($name: String!) { hashtag(name: $name) {
      viewerFollows photoCount photos { ${PHOTOS} } related { name } } }`,
    variables: ({ marks }) => ({ name: marks.photo }),
    shows: (can) => ({ ...card(can.photoListed), photo: can.photoListed }),
    check: checkCount,
  },
  {
    name: 'search for everything with this name',
    document: `query ($name: String!) { search(text: $name) {
      ... on User { ${CARD} } ... on Hashtag { name } ... on Place { name photos { ${PHOTOS} } } } }`,
    variables: ({ marks }) => ({ name: marks.place }),
    shows: photoAndPlace,
  },
  {
    name: 'node of the photo',
    document: `query ($id: ID!) { node(id: $id) { ... on Photo { ${PHOTO}
      likers { ${PEOPLE} } comments { ${COMMENTS} } } } }`,
    variables: ({ photoId }) => ({ id: photoId }),
    shows: (can) => ({ ...card(can.photo), photo: can.photo, comment: can.photo }),
  },
  {
    name: 'popular photos',
    document: `{ popular(first: 100) { ${PHOTOS} } }`,
    shows: (can) => ({ ...card(can.isDiscovery), photo: can.isDiscovery }),
  },
  {
    name: 'location of the photo',
    document: `query ($id: ID!) { node(id: $id) { ... on Photo {
      caption location { latitude longitude place { name } } } } }`,
    variables: ({ photoId }) => ({ id: photoId }),
    shows: (can) => ({ photo: can.photo, place: can.photo }),
  },
  {
    name: 'node of the place',
    document: `query ($id: ID!) { node(id: $id) { ... on Place { name photos { ${PHOTOS} } } } }`,
    variables: ({ placeId }) => ({ id: placeId }),
    shows: photoAndPlace,
  },
  {
    name: 'photos near the place',
    document: `query ($latitude: Float!, $longitude: Float!) {
      photosNear(latitude: $latitude, longitude: $longitude, radiusMeters: 2000) {
        edges { cursor distanceMeters node { ${PHOTO} location { place { name } } } }
        nodes { id caption } pageInfo { hasNextPage endCursor } } }`,
    variables: ({ point }) => point,
    shows: photoAndPlace,
  },
  {
    name: 'photos in a box around the place',
    document: `query ($south: Float!, $west: Float!, $north: Float!, $east: Float!) {
      photosInBox(south: $south, west: $west, north: $north, east: $east) {
        edges { node { ${PHOTO} location { place { name } } } } } }`,
    variables: ({ point: { latitude, longitude } }) => ({
      south: latitude - 0.01,
      north: latitude + 0.01,
      west: Math.max(-180, longitude - 0.01),
      east: Math.min(180, longitude + 0.01),
    }),
    shows: photoAndPlace,
  },
  {
    name: 'places near the place',
    document: `query ($latitude: Float!, $longitude: Float!) { placesNear(latitude: $latitude, longitude: $longitude) {
      distanceMeters place { name photos { ${PHOTOS} } } } }`,
    variables: ({ point }) => point,
    shows: photoAndPlace,
  },
  {
    name: 'search for the place',
    document: `query ($name: String!) { searchPlaces(text: $name) { name photos { ${PHOTOS} } } }`,
    variables: ({ marks }) => ({ name: marks.place }),
    shows: photoAndPlace,
  },
  {
    name: 'node of a comment on the photo',
    document: `query ($id: ID!) { node(id: $id) { ... on Comment { ${COMMENT} } } }`,
    variables: ({ commentId }) => ({ id: commentId }),
    shows: (can) => ({ ...card(can.photo), photo: can.photo, comment: can.photo }),
  },
  {
    name: "node of the person's comment elsewhere",
    document: `query ($id: ID!) { node(id: $id) { ... on Comment { ${COMMENT} } } }`,
    variables: ({ elsewhereId }) => ({ id: elsewhereId }),
    shows: (can) => ({ ...card(can.person), elsewhere: can.person }),
  },
  {
    name: 'home feed',
    document: `{ homeFeed(first: 100) { ${PHOTOS} } }`,
    needsSession: true,
    shows: (can) => ({ ...card(can.inFeed), photo: can.inFeed }),
  },
  {
    name: 'activity',
    document: `{ activity(first: 100) { edges { cursor node {
      kind actors { ${CARD} } actorCount photo { caption owner { ${CARD} } }
      comment { text author { ${CARD} } } } } nodes { actorCount actors { id } } pageInfo { hasNextPage } }
      me { unreadActivityCount } }`,
    needsSession: true,
    shows: (can) => ({
      // The bystander's comment on the photo notifies its owner.
      ...card(can.isNotified || (can.isOwner && can.photoListed)),
      toViewer: can.isNotified,
      photo: (can.isNotified || can.isOwner) && can.photoListed,
      comment: can.isOwner && can.photoListed,
    }),
    check({
      activity,
      me,
    }: {
      activity: { nodes: { actors: object[]; actorCount: number }[] };
      me: { unreadActivityCount: number };
    }) {
      if (me.unreadActivityCount !== activity.nodes.length)
        throw new Error('The unread count differs from the number of activities.');
      for (const { actors, actorCount } of activity.nodes) {
        if (actors.length === 0 || actors.length !== Math.min(3, actorCount))
          throw new Error('The actors of an activity do not match its count.');
      }
    },
  },
];

/** The count of a hashtag is the number of photos in its list. */
function checkCount({ hashtag }: { hashtag: { photoCount: number; photos: List } }): void {
  const listed = hashtag.photos.nodes.length;
  if (hashtag.photoCount !== listed) throw new Error(`It counts ${hashtag.photoCount} photos and lists ${listed}.`);
}

/** Queries whose answer does not depend on the target, but can show any of the targets. */
export function sharedQueries({ neutralPhotoId, bystander, hashtag }: World): readonly Path[] {
  return [
    {
      name: 'a neutral photo, which the person likes and commented on',
      document: `{ node(id: "${neutralPhotoId}") { ... on Photo { likeCount commentCount
        likers(first: 100) { ${PEOPLE} } comments(first: 100) { ${COMMENTS} } } } }`,
      shows: (can) => ({ ...card(can.personListed), elsewhere: can.personListed }),
      check({ node }: { node: { likeCount: number; commentCount: number; likers: List; comments: List } }) {
        const listed = [node.likers.nodes.length, node.comments.nodes.length];
        if (String([node.likeCount, node.commentCount]) !== String(listed)) {
          throw new Error(`It counts ${node.likeCount} likes and ${node.commentCount} comments and lists ${listed}.`);
        }
      },
    },
    {
      name: 'the profile of a bystander whom the person follows',
      document: `{ user(username: "${bystander.username}") { followerCount followers(first: 100) { ${PEOPLE} } } }`,
      shows: (can) => card(can.personListed),
      check({ user }: { user: { followerCount: number; followers: List } }) {
        if (user.followerCount !== user.followers.nodes.length) {
          throw new Error(`It counts ${user.followerCount} followers and lists ${user.followers.nodes.length}.`);
        }
      },
    },
    {
      name: "the hashtag of all targets' photos",
      document: `{ hashtag(name: "${hashtag}") { photoCount photos(first: 100) { ${PHOTOS} } } }`,
      shows: (can) => ({ ...card(can.photoListed), photo: can.photoListed }),
      check: checkCount,
    },
    {
      name: "the hashtags related to that of all targets' photos",
      document: `{ hashtag(name: "${hashtag}") { related(first: 30) { name } } }`,
      shows: (can) => ({ photo: can.related }),
    },
    {
      name: "the viewer's lists",
      document: `{ me { followedHashtags {
          edges { cursor node { name } } nodes { name photos { nodes { isHidden } } } pageInfo { hasNextPage } } }
        me { user { id } blockedUsers { ${PEOPLE} } mutedUsers { ${PEOPLE} } followRequests { ${PEOPLE} }
        sentFollowRequests { ${PEOPLE} } dataExport { status } } }`,
      shows(can, viewer, target) {
        const isGone = target === 'deactivated' || target === 'suspended account' || target === 'deleted account';
        const isListed =
          (viewer === 'blocking target' && !isGone) ||
          (viewer === 'muting target' && can.personListed) ||
          (viewer === 'pending' && target === 'private');
        return card(isListed);
      },
    },
    {
      name: 'the queue and the log of moderators',
      document: `{ moderationQueue(first: 100) { edges { cursor node { id reason reporter { ${CARD} } subject {
          ... on Photo { caption owner { ${CARD} } } ... on Comment { text author { ${CARD} } }
          ... on User { ${CARD} } } } }
          nodes { id } }
        moderationLog(first: 100) { edges { cursor node {
            kind why moderator { id } user { ${CARD} } photo { id caption } } }
          nodes { kind } } }`,
      shows(_, viewer, target) {
        const isModerator = viewer === 'moderator';
        const isPhoto = isModerator && target === 'hidden photo';
        return { ...card(isPhoto || (isModerator && target === 'suspended account')), photo: isPhoto };
      },
    },
  ];
}

interface List {
  nodes: object[];
}

/**
 * A mutation of something that the viewer may not see. It must answer as if the thing did not exist, and change
 * nothing.
 */
export interface Attempt {
  mutation: string;
  /** What the mutation is about. The service refuses it when the viewer may not see this. */
  target: 'person' | 'photo' | 'elsewhere';
  input(subject: Subject): object;
  selection: string;
}

const USER_RESULT = `user { ${USER} }`;
const PHOTO_RESULT = `photo { ${PHOTO} }`;

/** Every mutation that takes another person's object and returns it. */
export const ATTEMPTS: readonly Attempt[] = [
  ...['follow', 'unfollow', 'withdrawFollowRequest', 'approveFollowRequest', 'declineFollowRequest', 'removeFollower']
    .concat(['mute', 'unmute'])
    .map((mutation) => ({
      mutation,
      target: 'person' as const,
      input: ({ person }: Subject) => ({ userId: person.id }),
      selection: USER_RESULT,
    })),
  ...['likePhoto', 'unlikePhoto', 'deletePhoto'].map((mutation) => ({
    mutation,
    target: 'photo' as const,
    input: ({ photoId }: Subject) => ({ photoId }),
    selection: mutation === 'deletePhoto' ? 'deletedPhotoId' : PHOTO_RESULT,
  })),
  {
    mutation: 'updatePhoto',
    target: 'photo',
    input: ({ photoId }) => ({ photoId, caption: 'mine' }),
    selection: PHOTO_RESULT,
  },
  {
    mutation: 'addComment',
    target: 'photo',
    input: ({ photoId }) => ({ photoId, text: 'here' }),
    selection: `comment { ${COMMENT} }`,
  },
  {
    mutation: 'deleteComment',
    target: 'photo',
    input: ({ commentId }) => ({ commentId }),
    selection: `deletedCommentId ${PHOTO_RESULT}`,
  },
  ...(['person', 'photo', 'elsewhere'] as const).map((target) => ({
    mutation: 'report',
    target,
    input: ({ person, photoId, elsewhereId }: Subject) => ({
      subjectId: { person: person.id, photo: photoId, elsewhere: elsewhereId }[target],
      reason: 'SPAM',
    }),
    selection: 'reported',
  })),
];

/** The mutations of moderators. All others get FORBIDDEN, and see nothing of the target. */
export const FORBIDDEN: readonly Attempt[] = [
  ...['hidePhoto', 'restorePhoto'].map((mutation) => ({
    mutation,
    target: 'photo' as const,
    input: ({ photoId }: Subject) => ({ photoId, why: 'because' }),
    selection: PHOTO_RESULT,
  })),
  ...['suspendUser', 'restoreUser'].map((mutation) => ({
    mutation,
    target: 'person' as const,
    input: ({ person }: Subject) => ({ userId: person.id, why: 'because' }),
    selection: USER_RESULT,
  })),
];

/**
 * Blocking and unblocking. They are no part of `ATTEMPTS`, because they change what the viewer sees. A person whom the
 * viewer may not see cannot be blocked either.
 */
export const BLOCKS: readonly Attempt[] = ['block', 'unblock'].map((mutation) => ({
  mutation,
  target: 'person',
  input: ({ person }) => ({ userId: person.id }),
  selection: USER_RESULT,
}));

/** Every subscription. */
export const SUBSCRIPTIONS = {
  photo: `subscription ($id: ID!) { photo(id: $id) { cursor isGap photo { ${PHOTO} } comment { ${COMMENT} } } }`,
  homeFeed: `subscription { homeFeed { cursor photo { ${PHOTO} } } }`,
  hashtagPhotos: `subscription ($name: String!) { hashtagPhotos(name: $name) { cursor isGap photo { ${PHOTO} } } }`,
  userPhotos: `subscription ($id: ID!) { userPhotos(userId: $id) { cursor isGap photo { ${PHOTO} } } }`,
  photosNear: `subscription ($latitude: Float!, $longitude: Float!) {
    photosNear(latitude: $latitude, longitude: $longitude, radiusMeters: 100) {
    cursor isGap distanceMeters photo { ${PHOTO} } } }`,
  activity: `subscription { activity { cursor unreadCount activity {
    kind actors { ${CARD} } actorCount photo { ${PHOTO} } comment { ${COMMENT} } } } }`,
};

/** The document of an attempt. */
export function documentOf({ mutation, selection }: Attempt): string {
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
  return `mutation ($input: ${type}!) {
    ${mutation}(input: $input) { ${selection} userErrors { code message field } }
  }`;
}
