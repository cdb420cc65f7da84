/** The paths of the matrix, as GraphQL documents: what each must show of a target to a viewer, by the rules. */
import type { Marks, rules, Subject, Target, Viewer, World } from './world.ts';

/** What a path shows of a target. */
export type Shown = Partial<Record<keyof Marks, boolean>>;
type Rules = ReturnType<typeof rules>;

/** One path. */
export interface Path {
  name: string;
  document: string;
  /** None needs nothing of the target, so that it is asked once for all of them. */
  variables?(subject: Subject): object;
  /** Where the answer goes by the session: without one it is UNAUTHENTICATED. */
  needsSession?: true;
  shows(can: Rules, viewer: Viewer, target: Target): Shown;
  /** What else must hold of an answer. */
  check?(data: never, viewer: Viewer, world: World): void;
}

const FACTS = `viewerFollows followsViewer viewerRequested requestedViewer isBlockedByViewer isMutedByViewer isPrivate
  photoCount followerCount followingCount`;
const USER = `id username displayName bio createdAt avatar { url expiresAt } ${FACTS}`;
const CARD = 'id username displayName bio';
const PHOTO = `id caption status width height thumbhash createdAt publishedAt likeCount commentCount viewerHasLiked isHidden hashtags
  failure { code } image(size: WIDTH_320) { url expiresAt } owner { ${CARD} }`;
const COMMENT = `id text createdAt author { ${CARD} } photo { id caption owner { ${CARD} } }`;
const PEOPLE = `edges { cursor node { ${CARD} } } nodes { ${CARD} } pageInfo { hasNextPage endCursor }`;
const PHOTOS = `edges { cursor node { ${PHOTO} } } nodes { id caption } pageInfo { hasNextPage endCursor }`;
const COMMENTS = `edges { cursor node { id text author { ${CARD} } } } nodes { id text } pageInfo { hasNextPage }`;

const card = (shown: boolean): Shown => ({ person: shown, name: shown, bio: shown });

/** What leads to the photo by its place shows the two, or none. */
const onlyThere = ({ photoListed }: Rules): Shown => ({ ...card(photoListed), photo: photoListed, place: photoListed });

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
    document: `query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on User { ${CARD} } ... on Photo { caption } ... on Comment { text } } }`,
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
    document: `query ($name: String!) { hashtag(name: $name) { viewerFollows photoCount photos { ${PHOTOS} } related { name } } }`,
    variables: ({ marks }) => ({ name: marks.photo }),
    shows: (can) => ({ ...card(can.photoListed), photo: can.photoListed }),
    check: checkCount,
  },
  {
    name: 'search for everything that is called so',
    document: `query ($name: String!) { search(text: $name) { ... on User { ${CARD} } ... on Hashtag { name } ... on Place { name photos { ${PHOTOS} } } } }`,
    variables: ({ marks }) => ({ name: marks.place }),
    shows: onlyThere,
  },
  {
    name: 'node of the photo',
    document: `query ($id: ID!) { node(id: $id) { ... on Photo { ${PHOTO}
      likers { ${PEOPLE} } comments { ${COMMENTS} } } } }`,
    variables: ({ photoId }) => ({ id: photoId }),
    shows: (can) => ({ ...card(can.photo), photo: can.photo, comment: can.photo }),
  },
  {
    name: 'what is popular',
    document: `{ popular(first: 100) { ${PHOTOS} } }`,
    shows: (can) => ({ ...card(can.isDiscovery), photo: can.isDiscovery }),
  },
  {
    name: 'where the photo was taken',
    document: `query ($id: ID!) { node(id: $id) { ... on Photo { caption location { latitude longitude place { name } } } } }`,
    variables: ({ photoId }) => ({ id: photoId }),
    shows: (can) => ({ photo: can.photo, place: can.photo }),
  },
  {
    name: 'node of the place',
    document: `query ($id: ID!) { node(id: $id) { ... on Place { name photos { ${PHOTOS} } } } }`,
    variables: ({ placeId }) => ({ id: placeId }),
    shows: onlyThere,
  },
  {
    name: 'photos near the place',
    document: `query ($latitude: Float!, $longitude: Float!) { photosNear(latitude: $latitude, longitude: $longitude, radiusMeters: 2000) {
      edges { cursor distanceMeters node { ${PHOTO} location { place { name } } } } nodes { id caption } pageInfo { hasNextPage endCursor } } }`,
    variables: ({ point }) => point,
    shows: onlyThere,
  },
  {
    name: 'photos in a box around the place',
    document: `query ($south: Float!, $west: Float!, $north: Float!, $east: Float!) {
      photosInBox(south: $south, west: $west, north: $north, east: $east) { edges { node { ${PHOTO} location { place { name } } } } } }`,
    variables: ({ point: { latitude, longitude } }) => ({
      south: latitude - 0.01,
      north: latitude + 0.01,
      west: Math.max(-180, longitude - 0.01),
      east: Math.min(180, longitude + 0.01),
    }),
    shows: onlyThere,
  },
  {
    name: 'places near the place',
    document: `query ($latitude: Float!, $longitude: Float!) { placesNear(latitude: $latitude, longitude: $longitude) {
      distanceMeters place { name photos { ${PHOTOS} } } } }`,
    variables: ({ point }) => point,
    shows: onlyThere,
  },
  {
    name: 'search for the place',
    document: `query ($name: String!) { searchPlaces(text: $name) { name photos { ${PHOTOS} } } }`,
    variables: ({ marks }) => ({ name: marks.place }),
    shows: onlyThere,
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
    document: `{ activity(first: 100) { edges { cursor node { kind actors { ${CARD} } actorCount photo { caption owner { ${CARD} } }
      comment { text author { ${CARD} } } } } nodes { actorCount actors { id } } pageInfo { hasNextPage } }
      me { unreadActivityCount } }`,
    needsSession: true,
    shows: (can) => ({
      // Owners are told of the bystander's comment on their photo.
      ...card(can.wanted || (can.isOwner && can.photoListed)),
      toViewer: can.wanted,
      photo: (can.wanted || can.isOwner) && can.photoListed,
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
        throw new Error('The unread count counts what is not shown.');
      for (const { actors, actorCount } of activity.nodes) {
        if (actors.length === 0 || actors.length !== Math.min(3, actorCount))
          throw new Error('An activity has other actors than it counts.');
      }
    },
  },
];

/** A hashtag counts what it lists. */
function checkCount({ hashtag }: { hashtag: { photoCount: number; photos: List } }): void {
  const listed = hashtag.photos.nodes.length;
  if (hashtag.photoCount !== listed) throw new Error(`It counts ${hashtag.photoCount} photos and lists ${listed}.`);
}

/** Queries whose answer does not depend on the target: they hold all of them, or none. */
export function sharedQueries({ neutralPhotoId, bystander, hashtag }: World): readonly Path[] {
  return [
    {
      name: "everybody's photo, which the person likes and wrote about",
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
      name: 'the profile of somebody whom the person follows',
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
      name: "what is related to the hashtag of all targets' photos",
      document: `{ hashtag(name: "${hashtag}") { related(first: 30) { name } } }`,
      shows: (can) => ({ photo: can.related }),
    },
    {
      name: "the viewer's lists",
      document: `{ me { followedHashtags { edges { cursor node { name } } nodes { name photos { nodes { isHidden } } } pageInfo { hasNextPage } } }
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
          ... on Photo { caption owner { ${CARD} } } ... on Comment { text author { ${CARD} } } ... on User { ${CARD} } } } }
          nodes { id } }
        moderationLog(first: 100) { edges { cursor node { kind why moderator { id } user { ${CARD} } photo { id caption } } }
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

/** What a viewer tries with something that they may not see: each must answer as if it did not exist, and change nothing. */
export interface Attempt {
  mutation: string;
  /** Of what they must not see for it to be refused. */
  of: 'person' | 'photo' | 'elsewhere';
  input(subject: Subject): object;
  selection: string;
}

const ACTED = `user { ${USER} }`;
const SHOWN_PHOTO = `photo { ${PHOTO} }`;

/** Every mutation that names somebody else's thing and answers with it. */
export const ATTEMPTS: readonly Attempt[] = [
  ...['follow', 'unfollow', 'withdrawFollowRequest', 'approveFollowRequest', 'declineFollowRequest', 'removeFollower']
    .concat(['mute', 'unmute'])
    .map((mutation) => ({
      mutation,
      of: 'person' as const,
      input: ({ person }: Subject) => ({ userId: person.id }),
      selection: ACTED,
    })),
  ...['likePhoto', 'unlikePhoto', 'deletePhoto'].map((mutation) => ({
    mutation,
    of: 'photo' as const,
    input: ({ photoId }: Subject) => ({ photoId }),
    selection: mutation === 'deletePhoto' ? 'deletedPhotoId' : SHOWN_PHOTO,
  })),
  {
    mutation: 'updatePhoto',
    of: 'photo',
    input: ({ photoId }) => ({ photoId, caption: 'mine' }),
    selection: SHOWN_PHOTO,
  },
  {
    mutation: 'addComment',
    of: 'photo',
    input: ({ photoId }) => ({ photoId, text: 'here' }),
    selection: `comment { ${COMMENT} }`,
  },
  {
    mutation: 'deleteComment',
    of: 'photo',
    input: ({ commentId }) => ({ commentId }),
    selection: `deletedCommentId ${SHOWN_PHOTO}`,
  },
  ...(['person', 'photo', 'elsewhere'] as const).map((of) => ({
    mutation: 'report',
    of,
    input: ({ person, photoId, elsewhereId }: Subject) => ({
      subjectId: { person: person.id, photo: photoId, elsewhere: elsewhereId }[of],
      reason: 'SPAM',
    }),
    selection: 'reported',
  })),
];

/** What only moderators may do: everybody else is told FORBIDDEN, and of the target nothing. */
export const FORBIDDEN: readonly Attempt[] = [
  ...['hidePhoto', 'restorePhoto'].map((mutation) => ({
    mutation,
    of: 'photo' as const,
    input: ({ photoId }: Subject) => ({ photoId, why: 'because' }),
    selection: SHOWN_PHOTO,
  })),
  ...['suspendUser', 'restoreUser'].map((mutation) => ({
    mutation,
    of: 'person' as const,
    input: ({ person }: Subject) => ({ userId: person.id, why: 'because' }),
    selection: ACTED,
  })),
];

/** Blocking is not among the attempts, because it changes what is seen: whom one may not see one cannot block either. */
export const BLOCKS: readonly Attempt[] = ['block', 'unblock'].map((mutation) => ({
  mutation,
  of: 'person',
  input: ({ person }) => ({ userId: person.id }),
  selection: ACTED,
}));

/** Every subscription. */
export const SUBSCRIPTIONS = {
  photo: `subscription ($id: ID!) { photo(id: $id) { cursor isGap photo { ${PHOTO} } comment { ${COMMENT} } } }`,
  homeFeed: `subscription { homeFeed { cursor photo { ${PHOTO} } } }`,
  hashtagPhotos: `subscription ($name: String!) { hashtagPhotos(name: $name) { cursor isGap photo { ${PHOTO} } } }`,
  userPhotos: `subscription ($id: ID!) { userPhotos(userId: $id) { cursor isGap photo { ${PHOTO} } } }`,
  photosNear: `subscription ($latitude: Float!, $longitude: Float!) { photosNear(latitude: $latitude, longitude: $longitude, radiusMeters: 100) {
    cursor isGap distanceMeters photo { ${PHOTO} } } }`,
  activity: `subscription { activity { cursor unreadCount activity { kind actors { ${CARD} } actorCount photo { ${PHOTO} } comment { ${COMMENT} } } } }`,
};

/** The document of an attempt. */
export function documentOf({ mutation, selection }: Attempt): string {
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
  return `mutation ($input: ${type}!) { ${mutation}(input: $input) { ${selection} userErrors { code message field } } }`;
}
