import type { ClientText } from '../features/kernel/client-text.ts';
import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { UserRow } from '../features/records/user-rows.ts';
import type { SessionRow } from '../features/accounts/sessions.ts';
import type { PhotoRow, PhotoLocation } from '../features/records/photo-rows.ts';
import type { CommentRow } from '../features/records/comment-rows.ts';
import type { UploadRow } from '../features/photos/uploads.ts';
import type { PhotoUpdateEvent } from '../features/photos/subscriptions.ts';
import type { NewPhotoEvent } from '../features/feed/subscriptions.ts';
import type { HashtagRow } from '../features/hashtags/parse-hashtags.ts';
import type { DataExportRow } from '../features/data-export/data-export.ts';
import type { ActivityRow } from '../features/activity/list.ts';
import type { NewActivityEvent } from '../features/activity/subscriptions.ts';
import type { ReportRow } from '../features/moderation/reports.ts';
import type { ModerationActionRow } from '../features/moderation/log.ts';
import type { PlaceRow } from '../features/places/places.ts';
import type { NewNearbyPhotoEvent } from '../features/places/subscriptions.ts';
import type { Context } from '../features/context.ts';
export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
export type Omit<T, K extends keyof T> = Pick<T, Exclude<keyof T, K>>;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: ClientText; output: string; }
  String: { input: ClientText; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** A moment in time, as ISO 8601 in UTC with milliseconds: `2026-05-01T12:00:00.000Z`. */
  DateTime: { input: Date; output: Date; }
};

/** What others did to the viewer. What several did to the same thing is one activity: anna and 12 others liked a photo. */
export type Activity = {
  __typename?: 'Activity';
  /** How many people did it. */
  actorCount: Scalars['Int']['output'];
  /** Who did it, the latest first: at most three, of `actorCount`. */
  actors: Array<User>;
  /** The comment that it is about: for COMMENT, and for a MENTION in a comment. */
  comment?: Maybe<Comment>;
  /** When the latest of it happened. */
  happenedAt: Scalars['DateTime']['output'];
  /** Whether it is newer than what `markActivityRead` was told of. */
  isUnread: Scalars['Boolean']['output'];
  /** What they did. */
  kind: ActivityKind;
  /** The photo that it is about; null for follows. */
  photo?: Maybe<Photo>;
};

/** A page of activities. */
export type ActivityConnection = {
  __typename?: 'ActivityConnection';
  /** The activities with their cursors. */
  edges: Array<ActivityEdge>;
  /** The activities alone. */
  nodes: Array<Activity>;
  /** Whether and where the list goes on. */
  pageInfo: PageInfo;
};

/** An activity in its place in the list. */
export type ActivityEdge = {
  __typename?: 'ActivityEdge';
  /** This place. */
  cursor: Scalars['String']['output'];
  /** The activity. */
  node: Activity;
};

/** Something that others did to the viewer. */
export type ActivityEvent = {
  __typename?: 'ActivityEvent';
  /** The activity as it is now; a group that somebody joined comes again. Null when `isGap`. */
  activity?: Maybe<Activity>;
  /** From here the subscription goes on, as its `after`. It is no place in `Query.activity`. */
  cursor: Scalars['String']['output'];
  /** Whether something may have been missed, as at the beginning: read `Query.activity` anew. The activity is null then. */
  isGap: Scalars['Boolean']['output'];
  /** How many are unread now; 100 stands for 100 or more. */
  unreadCount: Scalars['Int']['output'];
};

/** What others can do to a person. */
export type ActivityKind =
  /** Somebody wrote about a photo of the viewer's. */
  | 'COMMENT'
  /** People follow the viewer. The follows of one day (UTC) are one activity. */
  | 'FOLLOW'
  /** Somebody whom the viewer asked lets them follow. */
  | 'FOLLOW_APPROVED'
  /** Somebody asks to follow the viewer. */
  | 'FOLLOW_REQUEST'
  /** People like a photo of the viewer's. All likes of a photo are one activity. */
  | 'LIKE'
  /** Somebody named the viewer, as `@username`, in a caption or a comment. */
  | 'MENTION';

/** What to write, and where. */
export type AddCommentInput = {
  /** Up to 100 characters of the client's choosing: a retry with the same key gets the first answer, not a second comment. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** The photo's id. */
  photoId: Scalars['ID']['input'];
  /** 1 to 1,000 characters. */
  text: Scalars['String']['input'];
};

/** The answer to `addComment`. */
export type AddCommentPayload = {
  __typename?: 'AddCommentPayload';
  /** The comment. */
  comment?: Maybe<Comment>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** Who asked. */
export type ApproveFollowRequestInput = {
  /** The person's id. */
  userId: Scalars['ID']['input'];
};

/** The answer to `approveFollowRequest`. */
export type ApproveFollowRequestPayload = {
  __typename?: 'ApproveFollowRequestPayload';
  /** The person. */
  user?: Maybe<User>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** Whom to block. */
export type BlockInput = {
  /** The person's id. */
  userId: Scalars['ID']['input'];
};

/** The answer to `block`. */
export type BlockPayload = {
  __typename?: 'BlockPayload';
  /** The person. */
  user?: Maybe<User>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** The old and the new password. */
export type ChangePasswordInput = {
  /** The password as it is now. */
  currentPassword: Scalars['String']['input'];
  /** The password to be: 8 to 200 characters. */
  newPassword: Scalars['String']['input'];
};

/** The answer to `changePassword`. */
export type ChangePasswordPayload = {
  __typename?: 'ChangePasswordPayload';
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
  /** The account. */
  viewer?: Maybe<Viewer>;
};

/** The new username. */
export type ChangeUsernameInput = {
  /** 3 to 30 of a to z, 0 to 9, dot and underscore; capitals become small letters. Unique. */
  username: Scalars['String']['input'];
};

/** The answer to `changeUsername`. */
export type ChangeUsernamePayload = {
  __typename?: 'ChangeUsernamePayload';
  /** The viewer, changed. */
  user?: Maybe<User>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** What somebody wrote about a photo. */
export type Comment = Node & {
  __typename?: 'Comment';
  /** Who wrote it. */
  author: User;
  /** When they wrote it. */
  createdAt: Scalars['DateTime']['output'];
  /** The opaque id. */
  id: Scalars['ID']['output'];
  /** The photo. */
  photo: Photo;
  /** What they wrote. */
  text: Scalars['String']['output'];
};

/** A page of comments. */
export type CommentConnection = {
  __typename?: 'CommentConnection';
  /** The comments with their cursors. */
  edges: Array<CommentEdge>;
  /** The comments alone. */
  nodes: Array<Comment>;
  /** Whether and where the list goes on. */
  pageInfo: PageInfo;
};

/** A comment in its place in the list. */
export type CommentEdge = {
  __typename?: 'CommentEdge';
  /** This place. */
  cursor: Scalars['String']['output'];
  /** The comment. */
  node: Comment;
};

/** A point on the earth. */
export type Coordinates = {
  __typename?: 'Coordinates';
  /** Degrees north, from -90 to 90. */
  latitude: Scalars['Float']['output'];
  /** Degrees east, from -180 to 180. */
  longitude: Scalars['Float']['output'];
};

/** The file that will be sent. */
export type CreateUploadInput = {
  /** The file's exact length in bytes. */
  byteSize: Scalars['Int']['input'];
  /** `image/jpeg`, `image/png`, `image/webp` or `image/avif`. */
  contentType: Scalars['String']['input'];
  /** Up to 100 characters of the client's choosing: a retry with the same key gets the first answer, not a second upload. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** The SHA-256 of the file, in hexadecimal: 64 characters. */
  sha256: Scalars['String']['input'];
};

/** The answer to `createUpload`. */
export type CreateUploadPayload = {
  __typename?: 'CreateUploadPayload';
  /** The place to send the file to. */
  upload?: Maybe<Upload>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** A copy of all that is stored of the viewer: a ZIP with JSON and the photos. */
export type DataExport = {
  __typename?: 'DataExport';
  /** When it was asked for. */
  createdAt: Scalars['DateTime']['output'];
  /** When the file is deleted; null until READY. */
  expiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** How far it has come. */
  status: DataExportStatus;
  /** Where the file is, for one hour from this answer; null until READY. Whoever has this URL can read the file. */
  url?: Maybe<Scalars['String']['output']>;
};

/** How far a copy of one's data has come. */
export type DataExportStatus =
  /** It is being made. */
  | 'PROCESSING'
  /** The file can be loaded. */
  | 'READY';

/** The password once more. */
export type DeactivateAccountInput = {
  /** The viewer's password. */
  password: Scalars['String']['input'];
};

/** The answer to `deactivateAccount`. */
export type DeactivateAccountPayload = {
  __typename?: 'DeactivateAccountPayload';
  /** When the account will be deleted unless it is logged in to. */
  deletedAfter?: Maybe<Scalars['DateTime']['output']>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** Who asked. */
export type DeclineFollowRequestInput = {
  /** The person's id. */
  userId: Scalars['ID']['input'];
};

/** The answer to `declineFollowRequest`. */
export type DeclineFollowRequestPayload = {
  __typename?: 'DeclineFollowRequestPayload';
  /** The person. */
  user?: Maybe<User>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** The password once more. */
export type DeleteAccountInput = {
  /** The viewer's password. */
  password: Scalars['String']['input'];
};

/** The answer to `deleteAccount`. */
export type DeleteAccountPayload = {
  __typename?: 'DeleteAccountPayload';
  /** The id of the person who is no more. */
  deletedUserId?: Maybe<Scalars['ID']['output']>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** Which comment to delete. */
export type DeleteCommentInput = {
  /** The comment's id. */
  commentId: Scalars['ID']['input'];
};

/** The answer to `deleteComment`. */
export type DeleteCommentPayload = {
  __typename?: 'DeleteCommentPayload';
  /** The id of the comment that is no more. */
  deletedCommentId?: Maybe<Scalars['ID']['output']>;
  /** The photo that it was about, with its new count. */
  photo?: Maybe<Photo>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** Which photo to delete. */
export type DeletePhotoInput = {
  /** The photo's id. */
  photoId: Scalars['ID']['input'];
};

/** The answer to `deletePhoto`. */
export type DeletePhotoPayload = {
  __typename?: 'DeletePhotoPayload';
  /** The id of the photo that is no more. */
  deletedPhotoId?: Maybe<Scalars['ID']['output']>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** Whose reports, and why. */
export type DismissReportsInput = {
  /** The id of the photo, the comment or the person. */
  subjectId: Scalars['ID']['input'];
  /** Why, for the log: 1 to 1,000 characters. */
  why: Scalars['String']['input'];
};

/** The answer to `dismissReports`. */
export type DismissReportsPayload = {
  __typename?: 'DismissReportsPayload';
  /** How many were closed. */
  dismissedCount?: Maybe<Scalars['Int']['output']>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** Which to follow. */
export type FollowHashtagInput = {
  /** The hashtag, with or without "#". */
  name: Scalars['String']['input'];
};

/** The answer to `followHashtag`. */
export type FollowHashtagPayload = {
  __typename?: 'FollowHashtagPayload';
  /** The hashtag. */
  hashtag?: Maybe<Hashtag>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** Whom to follow. */
export type FollowInput = {
  /** The person's id. */
  userId: Scalars['ID']['input'];
};

/** The answer to `follow`. */
export type FollowPayload = {
  __typename?: 'FollowPayload';
  /** The person. */
  user?: Maybe<User>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/**
 * What photos are marked with, as `#word` in their caption or in a comment of their owner. Capitals make no difference, nor do ways of writing the same
 * letter.
 */
export type Hashtag = {
  __typename?: 'Hashtag';
  /** Its name, in the form in which hashtags are compared: in small letters, without "#". */
  name: Scalars['String']['output'];
  /**
   * How many photos that the viewer may see have it. Of a hashtag with more than 1,000 photos it is how many everybody may see, as counted at most some 10
   * minutes ago.
   */
  photoCount: Scalars['Int']['output'];
  /** The photos with it that the viewer may see, newest first. */
  photos: PhotoConnection;
  /** The hashtags that most of the newest photos with it have besides. */
  related: Array<Hashtag>;
  /** Whether the viewer follows it. */
  viewerFollows: Scalars['Boolean']['output'];
};


/**
 * What photos are marked with, as `#word` in their caption or in a comment of their owner. Capitals make no difference, nor do ways of writing the same
 * letter.
 */
export type HashtagPhotosArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/**
 * What photos are marked with, as `#word` in their caption or in a comment of their owner. Capitals make no difference, nor do ways of writing the same
 * letter.
 */
export type HashtagRelatedArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** A page of hashtags. */
export type HashtagConnection = {
  __typename?: 'HashtagConnection';
  /** The hashtags with their cursors. */
  edges: Array<HashtagEdge>;
  /** The hashtags alone. */
  nodes: Array<Hashtag>;
  /** Whether and where the list goes on. */
  pageInfo: PageInfo;
};

/** A hashtag in its place in the list. */
export type HashtagEdge = {
  __typename?: 'HashtagEdge';
  /** This place. */
  cursor: Scalars['String']['output'];
  /** The hashtag. */
  node: Hashtag;
};

/** A photo that has been shared with a hashtag. */
export type HashtagPhotosEvent = {
  __typename?: 'HashtagPhotosEvent';
  /** From here the subscription goes on, as its `after`. It is no place in `Hashtag.photos`. */
  cursor: Scalars['String']['output'];
  /** Whether something may have been missed, as at the beginning: read `Hashtag.photos` anew. The photo is null then. */
  isGap: Scalars['Boolean']['output'];
  /** The photo; null when `isGap`. */
  photo?: Maybe<Photo>;
};

/** Which photo, and why. */
export type HidePhotoInput = {
  /** The photo's id. */
  photoId: Scalars['ID']['input'];
  /** Why, for the log: 1 to 1,000 characters. */
  why: Scalars['String']['input'];
};

/** The answer to `hidePhoto`. */
export type HidePhotoPayload = {
  __typename?: 'HidePhotoPayload';
  /** The photo, changed. */
  photo?: Maybe<Photo>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** A photo that has arrived in the viewer's home feed. */
export type HomeFeedEvent = {
  __typename?: 'HomeFeedEvent';
  /** From here the subscription goes on, as its `after`. It is no place in `Query.homeFeed`. */
  cursor: Scalars['String']['output'];
  /** Whether something may have been missed, as at the beginning: read `Query.homeFeed` anew. The photo is null then. */
  isGap: Scalars['Boolean']['output'];
  /** The photo; null when `isGap`. */
  photo?: Maybe<Photo>;
};

/** A header of an HTTP request. */
export type HttpHeader = {
  __typename?: 'HttpHeader';
  /** The header's name. */
  name: Scalars['String']['output'];
  /** The header's value. */
  value: Scalars['String']['output'];
};

/** A photo in one size. */
export type Image = {
  __typename?: 'Image';
  /** Until when the URL works; null when it stays. */
  expiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** Its height in pixels. */
  height: Scalars['Int']['output'];
  /** Where the JPEG is. Of private accounts it is a signed URL that works until `expiresAt`. */
  url: Scalars['String']['output'];
  /** Its width in pixels. */
  width: Scalars['Int']['output'];
};

/** The sizes of every photo. A photo that is smaller than a size is not enlarged, but for the square. */
export type ImageSize =
  /** 150 × 150 pixels, cut from the middle. */
  | 'SQUARE_150'
  /** 320 pixels wide. */
  | 'WIDTH_320'
  /** 640 pixels wide. */
  | 'WIDTH_640'
  /** 1,080 pixels wide. */
  | 'WIDTH_1080';

/** Which photo to like. */
export type LikePhotoInput = {
  /** The photo's id. */
  photoId: Scalars['ID']['input'];
};

/** The answer to `likePhoto`. */
export type LikePhotoPayload = {
  __typename?: 'LikePhotoPayload';
  /** The photo, with its new count. */
  photo?: Maybe<Photo>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** Where a photo was taken, as exactly as its owner chose to show it. Nothing finer is stored or searched. */
export type Location = {
  __typename?: 'Location';
  /** Degrees north, from -90 to 90. */
  latitude: Scalars['Float']['output'];
  /** Degrees east, from -180 to 180. */
  longitude: Scalars['Float']['output'];
  /** The named place; null when it is a point without a name. */
  place?: Maybe<Place>;
  /** How exact that is. */
  precision: LocationPrecision;
};

/** Where a photo was taken: a place that exists by its id, or a point, which may have a name. */
export type LocationInput = {
  /** Degrees north, from -90 to 90. */
  latitude?: InputMaybe<Scalars['Float']['input']>;
  /** Degrees east, from -180 to 180. */
  longitude?: InputMaybe<Scalars['Float']['input']>;
  /** A place that exists, with its own point and precision. Then nothing else is given. */
  placeId?: InputMaybe<Scalars['ID']['input']>;
  /** What the place is called, at most 100 characters; none for a bare point. */
  placeName?: InputMaybe<Scalars['String']['input']>;
  /** How exactly it is shown, EXACT when left out. What is finer is not stored. */
  precision?: InputMaybe<LocationPrecision>;
};

/** How exactly it is shown where a photo was taken. */
export type LocationPrecision =
  /** The middle of an area as wide as a city, about 20 kilometres. */
  | 'CITY'
  /** The very point, to about a centimetre. */
  | 'EXACT'
  /** The middle of an area about a kilometre wide, the same for all points in it. */
  | 'KILOMETRE';

/** Who logs in. */
export type LogInInput = {
  /** A name for this device in the list of sessions: at most 100 characters. */
  device?: InputMaybe<Scalars['String']['input']>;
  /** The username or the e-mail address. */
  login: Scalars['String']['input'];
  /** The password. */
  password: Scalars['String']['input'];
};

/** The answer to `logIn`. */
export type LogInPayload = {
  __typename?: 'LogInPayload';
  /** The secret to send as `Authorization: Bearer …` with every request. It is shown only here. */
  token?: Maybe<Scalars['String']['output']>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
  /** The account. */
  viewer?: Maybe<Viewer>;
};

/** The answer to `logOut`. */
export type LogOutPayload = {
  __typename?: 'LogOutPayload';
  /** Always empty. */
  userErrors: Array<UserError>;
};

/** Up to where the activity is read. */
export type MarkActivityReadInput = {
  /** The cursor of the latest activity that was read. */
  upTo: Scalars['String']['input'];
};

/** The answer to `markActivityRead`. */
export type MarkActivityReadPayload = {
  __typename?: 'MarkActivityReadPayload';
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
  /** The viewer, with the new count. */
  viewer?: Maybe<Viewer>;
};

/** What a moderator did, to what, and why. */
export type ModerationAct = {
  __typename?: 'ModerationAct';
  /** When. */
  createdAt: Scalars['DateTime']['output'];
  /** What was done. */
  kind: ModerationActKind;
  /** Who did it; null for the operator of the service, and for an account that has been deleted. */
  moderator?: Maybe<User>;
  /** The photo concerned; null when it is about a person, or has been deleted. */
  photo?: Maybe<Photo>;
  /** The person concerned; null when that account has been deleted. */
  user?: Maybe<User>;
  /** Why, in the moderator's words. */
  why: Scalars['String']['output'];
};

/** A page of what moderators did. */
export type ModerationActConnection = {
  __typename?: 'ModerationActConnection';
  /** The acts with their cursors. */
  edges: Array<ModerationActEdge>;
  /** The acts alone. */
  nodes: Array<ModerationAct>;
  /** Whether and where the list goes on. */
  pageInfo: PageInfo;
};

/** An act in its place in the list. */
export type ModerationActEdge = {
  __typename?: 'ModerationActEdge';
  /** This place. */
  cursor: Scalars['String']['output'];
  /** The act. */
  node: ModerationAct;
};

/** What a moderator can do. */
export type ModerationActKind =
  /** Close reports without doing anything else. */
  | 'DISMISS_REPORTS'
  /** Hide a photo from all but its owner. */
  | 'HIDE_PHOTO'
  /** Make somebody a moderator. */
  | 'MAKE_MODERATOR'
  /** Delete a comment. */
  | 'REMOVE_COMMENT'
  /** Show a hidden photo again. */
  | 'RESTORE_PHOTO'
  /** Show a suspended account again. */
  | 'RESTORE_USER'
  /** Hide an account and log it out. */
  | 'SUSPEND_USER'
  /** Make somebody a moderator no more. */
  | 'UNMAKE_MODERATOR';

/** What can be changed. */
export type Mutation = {
  __typename?: 'Mutation';
  /** Write about a photo. */
  addComment: AddCommentPayload;
  /** Let somebody who asked follow the viewer. */
  approveFollowRequest: ApproveFollowRequestPayload;
  /** Block a person: neither finds anything of the other any more, anywhere, and follows and requests between the two end. They are not told. Blocking twice changes nothing. */
  block: BlockPayload;
  /** Change the password. Every other session of the account ends. */
  changePassword: ChangePasswordPayload;
  /** Change the viewer's username. Nobody else can take the old one for 14 days; the viewer can take it back. */
  changeUsername: ChangeUsernamePayload;
  /** Ask for a place to send a photo's file to. JPEG, PNG, WebP and AVIF are accepted. */
  createUpload: CreateUploadPayload;
  /** Hide the viewer's account with all that is in it, and log it out everywhere. Logging in within 30 days brings everything back; after that the account is deleted. */
  deactivateAccount: DeactivateAccountPayload;
  /** Refuse somebody who asked to follow the viewer. They are not told, and may ask again. */
  declineFollowRequest: DeclineFollowRequestPayload;
  /** Delete the viewer's account with all that is in it, at once and for good. */
  deleteAccount: DeleteAccountPayload;
  /** Delete a comment: its author may, and the photo's owner. */
  deleteComment: DeleteCommentPayload;
  /** Delete one's own photo with its likes, comments and files, for good. */
  deletePhoto: DeletePhotoPayload;
  /** Close the reports of a photo, a comment or a person without doing anything else. For moderators. */
  dismissReports: DismissReportsPayload;
  /** Follow a person: their photos come to the viewer's home feed, from the next read on. A private account is asked first, and follows when it approves: see `viewerRequested`. Following or asking twice changes nothing. */
  follow: FollowPayload;
  /** Follow a hashtag: its photos are in the viewer's home feed with the next read. Again changes nothing. At most 200 can be followed. */
  followHashtag: FollowHashtagPayload;
  /** Hide a photo from all but its owner and moderators, and close its reports. For moderators. */
  hidePhoto: HidePhotoPayload;
  /** Like a photo. Liking twice changes nothing. */
  likePhoto: LikePhotoPayload;
  /**
   * Log in. After too many failures for an account or from an address it answers RATE_LIMITED with `retryAfter` for a while.
   * It restores an account that was deactivated less than 30 days ago.
   */
  logIn: LogInPayload;
  /** End the session that this request came with. Its subscriptions are closed. */
  logOut: LogOutPayload;
  /** Remember up to where the viewer has read their activity. It never moves back. */
  markActivityRead: MarkActivityReadPayload;
  /** Mute a person: their photos leave the viewer's home feed, and what they do, the viewer's activity. Nothing else changes, and nobody is told. */
  mute: MutePayload;
  /** Share a photo whose file was sent to its upload. It is PROCESSING at first; the `photo` subscription tells when it is READY. */
  publishPhoto: PublishPhotoPayload;
  /** Remove the viewer's picture. */
  removeAvatar: RemoveAvatarPayload;
  /** Delete a comment that is against the rules, and close its reports. For moderators. */
  removeComment: RemoveCommentPayload;
  /** Take a follower away. They are not told. Somebody who does not follow stays so. */
  removeFollower: RemoveFollowerPayload;
  /** Tell the moderators of a photo, a comment or a person that is against the rules. The same person reporting the same thing again changes nothing while it is undecided. */
  report: ReportPayload;
  /** Ask for a copy of all that is stored of the viewer: `Viewer.dataExport` tells when it is READY, and so does a mail. It replaces an earlier copy. */
  requestDataExport: RequestDataExportPayload;
  /** Send a mail with a new link that proves the viewer's address. An earlier link is no longer valid. */
  requestEmailVerification: RequestEmailVerificationPayload;
  /** Send a mail with a link by which a new password can be set. The answer is the same whether or not there is an account with this address. */
  requestPasswordReset: RequestPasswordResetPayload;
  /** Set a new password by the token that was mailed. All sessions of the account end. Needs no session. */
  resetPassword: ResetPasswordPayload;
  /** Show a hidden photo again. For moderators. */
  restorePhoto: RestorePhotoPayload;
  /** Show a suspended account again. For moderators. */
  restoreUser: RestoreUserPayload;
  /** End one of the viewer's sessions, here or elsewhere. Its subscriptions are closed. */
  revokeSession: RevokeSessionPayload;
  /** Make an uploaded file the viewer's picture. It is worked on for a moment: `Viewer.avatarStatus` tells when it is READY, and until then the old one stays. */
  setAvatar: SetAvatarPayload;
  /** Make the viewer's account private or public. Followers stay. When it becomes public, those who have asked to follow do. */
  setPrivacy: SetPrivacyPayload;
  /** Make an account and log in to it. */
  signUp: SignUpPayload;
  /** Hide an account with all that is in it, log it out everywhere, and close its reports. For moderators. */
  suspendUser: SuspendUserPayload;
  /** Block a person no more. Follows that the block ended do not come back. */
  unblock: UnblockPayload;
  /** Follow a person no more: their photos leave the viewer's home feed with the next read. */
  unfollow: UnfollowPayload;
  /** Follow a hashtag no more: its photos leave the viewer's home feed with the next read. */
  unfollowHashtag: UnfollowHashtagPayload;
  /** Take a like back. Without a like it changes nothing. */
  unlikePhoto: UnlikePhotoPayload;
  /** Mute a person no more. */
  unmute: UnmutePayload;
  /** Change the caption of one's own photo, and where it is shown to have been taken. */
  updatePhoto: UpdatePhotoPayload;
  /** Change what others see of the viewer. What is left out stays as it is. */
  updateProfile: UpdateProfilePayload;
  /** Prove an address by the token that was mailed to it. Needs no session. */
  verifyEmail: VerifyEmailPayload;
  /** Take a request to follow back. Without one it changes nothing. */
  withdrawFollowRequest: WithdrawFollowRequestPayload;
};


/** What can be changed. */
export type MutationAddCommentArgs = {
  input: AddCommentInput;
};


/** What can be changed. */
export type MutationApproveFollowRequestArgs = {
  input: ApproveFollowRequestInput;
};


/** What can be changed. */
export type MutationBlockArgs = {
  input: BlockInput;
};


/** What can be changed. */
export type MutationChangePasswordArgs = {
  input: ChangePasswordInput;
};


/** What can be changed. */
export type MutationChangeUsernameArgs = {
  input: ChangeUsernameInput;
};


/** What can be changed. */
export type MutationCreateUploadArgs = {
  input: CreateUploadInput;
};


/** What can be changed. */
export type MutationDeactivateAccountArgs = {
  input: DeactivateAccountInput;
};


/** What can be changed. */
export type MutationDeclineFollowRequestArgs = {
  input: DeclineFollowRequestInput;
};


/** What can be changed. */
export type MutationDeleteAccountArgs = {
  input: DeleteAccountInput;
};


/** What can be changed. */
export type MutationDeleteCommentArgs = {
  input: DeleteCommentInput;
};


/** What can be changed. */
export type MutationDeletePhotoArgs = {
  input: DeletePhotoInput;
};


/** What can be changed. */
export type MutationDismissReportsArgs = {
  input: DismissReportsInput;
};


/** What can be changed. */
export type MutationFollowArgs = {
  input: FollowInput;
};


/** What can be changed. */
export type MutationFollowHashtagArgs = {
  input: FollowHashtagInput;
};


/** What can be changed. */
export type MutationHidePhotoArgs = {
  input: HidePhotoInput;
};


/** What can be changed. */
export type MutationLikePhotoArgs = {
  input: LikePhotoInput;
};


/** What can be changed. */
export type MutationLogInArgs = {
  input: LogInInput;
};


/** What can be changed. */
export type MutationMarkActivityReadArgs = {
  input: MarkActivityReadInput;
};


/** What can be changed. */
export type MutationMuteArgs = {
  input: MuteInput;
};


/** What can be changed. */
export type MutationPublishPhotoArgs = {
  input: PublishPhotoInput;
};


/** What can be changed. */
export type MutationRemoveCommentArgs = {
  input: RemoveCommentInput;
};


/** What can be changed. */
export type MutationRemoveFollowerArgs = {
  input: RemoveFollowerInput;
};


/** What can be changed. */
export type MutationReportArgs = {
  input: ReportInput;
};


/** What can be changed. */
export type MutationRequestDataExportArgs = {
  input: RequestDataExportInput;
};


/** What can be changed. */
export type MutationRequestPasswordResetArgs = {
  input: RequestPasswordResetInput;
};


/** What can be changed. */
export type MutationResetPasswordArgs = {
  input: ResetPasswordInput;
};


/** What can be changed. */
export type MutationRestorePhotoArgs = {
  input: RestorePhotoInput;
};


/** What can be changed. */
export type MutationRestoreUserArgs = {
  input: RestoreUserInput;
};


/** What can be changed. */
export type MutationRevokeSessionArgs = {
  input: RevokeSessionInput;
};


/** What can be changed. */
export type MutationSetAvatarArgs = {
  input: SetAvatarInput;
};


/** What can be changed. */
export type MutationSetPrivacyArgs = {
  input: SetPrivacyInput;
};


/** What can be changed. */
export type MutationSignUpArgs = {
  input: SignUpInput;
};


/** What can be changed. */
export type MutationSuspendUserArgs = {
  input: SuspendUserInput;
};


/** What can be changed. */
export type MutationUnblockArgs = {
  input: UnblockInput;
};


/** What can be changed. */
export type MutationUnfollowArgs = {
  input: UnfollowInput;
};


/** What can be changed. */
export type MutationUnfollowHashtagArgs = {
  input: UnfollowHashtagInput;
};


/** What can be changed. */
export type MutationUnlikePhotoArgs = {
  input: UnlikePhotoInput;
};


/** What can be changed. */
export type MutationUnmuteArgs = {
  input: UnmuteInput;
};


/** What can be changed. */
export type MutationUpdatePhotoArgs = {
  input: UpdatePhotoInput;
};


/** What can be changed. */
export type MutationUpdateProfileArgs = {
  input: UpdateProfileInput;
};


/** What can be changed. */
export type MutationVerifyEmailArgs = {
  input: VerifyEmailInput;
};


/** What can be changed. */
export type MutationWithdrawFollowRequestArgs = {
  input: WithdrawFollowRequestInput;
};

/** Whom to mute. */
export type MuteInput = {
  /** The person's id. */
  userId: Scalars['ID']['input'];
};

/** The answer to `mute`. */
export type MutePayload = {
  __typename?: 'MutePayload';
  /** The person. */
  user?: Maybe<User>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** A page of photos within a circle. */
export type NearbyPhotoConnection = {
  __typename?: 'NearbyPhotoConnection';
  /** The photos with their distances and cursors. */
  edges: Array<NearbyPhotoEdge>;
  /** The photos alone. */
  nodes: Array<Photo>;
  /** Whether and where the list goes on. */
  pageInfo: PageInfo;
};

/** A photo within a circle, in its place in the list. */
export type NearbyPhotoEdge = {
  __typename?: 'NearbyPhotoEdge';
  /** This place. */
  cursor: Scalars['String']['output'];
  /** How far it is from the middle along the surface, in metres. */
  distanceMeters: Scalars['Float']['output'];
  /** The photo. */
  node: Photo;
};

/** A photo that somebody has shared within a circle. */
export type NearbyPhotoEvent = {
  __typename?: 'NearbyPhotoEvent';
  /** From here the subscription goes on, as its `after`. It is no place in `Query.photosNear`. */
  cursor: Scalars['String']['output'];
  /** How far it is from the middle along the surface, in metres; null when `isGap`. */
  distanceMeters?: Maybe<Scalars['Float']['output']>;
  /** Whether something may have been missed, as at the beginning: read `Query.photosNear` anew. The photo is null then. */
  isGap: Scalars['Boolean']['output'];
  /** The photo; null when `isGap`. */
  photo?: Maybe<Photo>;
};

/** A place and how far it is. */
export type NearbyPlace = {
  __typename?: 'NearbyPlace';
  /** How far it is along the surface, in metres. */
  distanceMeters: Scalars['Float']['output'];
  /** The place. */
  place: Place;
};

/** A thing with an id of its own, that `node` finds again. */
export type Node = {
  /** An opaque id, unique among all types. Store it, compare it, never take it apart. */
  id: Scalars['ID']['output'];
};

/** Where a page of a list ends, and whether the list goes on. Pages run forwards only. */
export type PageInfo = {
  __typename?: 'PageInfo';
  /** The cursor of this page's last place: give it as `after` to read on. Null on a list with nothing in it. */
  endCursor?: Maybe<Scalars['String']['output']>;
  /** Whether more follows after `endCursor`. A short page is not the end of a list: only this tells. */
  hasNextPage: Scalars['Boolean']['output'];
};

/** A photo that somebody shared. */
export type Photo = Node & {
  __typename?: 'Photo';
  /** What the owner wrote beneath it; empty when nothing. */
  caption: Scalars['String']['output'];
  /** How many comments it has. In lists it may lag by half a second. */
  commentCount: Scalars['Int']['output'];
  /** The comments, newest first. */
  comments: CommentConnection;
  /** When it was sent for publishing. */
  createdAt: Scalars['DateTime']['output'];
  /** Why it could not be made ready; null unless FAILED. */
  failure?: Maybe<PhotoFailure>;
  /** Its hashtags by name, in alphabetical order: those of the caption and of the owner's comments, at most 30. */
  hashtags: Array<Scalars['String']['output']>;
  /** The height in pixels of the upright photo as it was sent; null until READY. */
  height?: Maybe<Scalars['Int']['output']>;
  /** The opaque id. */
  id: Scalars['ID']['output'];
  /** The photo as a JPEG of this size; null until READY. */
  image?: Maybe<Image>;
  /** Whether moderators have hidden it. Then only they and its owner see it. */
  isHidden: Scalars['Boolean']['output'];
  /** How many people like it. In lists it may lag by half a second. */
  likeCount: Scalars['Int']['output'];
  /** Who likes it, the newest like first. */
  likers: UserConnection;
  /** Where it was taken, as its owner chose to show it; null when it is not shown. */
  location?: Maybe<Location>;
  /** Who shared it. */
  owner: User;
  /** When it became READY, which is its place in lists; null until then. */
  publishedAt?: Maybe<Scalars['DateTime']['output']>;
  /** How far it has come. Until READY only its owner sees it. */
  status: PhotoStatus;
  /** A blurred placeholder of about 25 bytes (thumbhash, base64), to show while the image loads; null until READY. */
  thumbhash?: Maybe<Scalars['String']['output']>;
  /** Whether the viewer likes it; false without a session. */
  viewerHasLiked: Scalars['Boolean']['output'];
  /** The width in pixels of the upright photo as it was sent; null until READY. */
  width?: Maybe<Scalars['Int']['output']>;
};


/** A photo that somebody shared. */
export type PhotoCommentsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** A photo that somebody shared. */
export type PhotoImageArgs = {
  size: ImageSize;
};


/** A photo that somebody shared. */
export type PhotoLikersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** A page of photos. */
export type PhotoConnection = {
  __typename?: 'PhotoConnection';
  /** The photos with their cursors. */
  edges: Array<PhotoEdge>;
  /** The photos alone. */
  nodes: Array<Photo>;
  /** Whether and where the list goes on. */
  pageInfo: PageInfo;
};

/** A photo in its place in the list. */
export type PhotoEdge = {
  __typename?: 'PhotoEdge';
  /** This place. */
  cursor: Scalars['String']['output'];
  /** The photo. */
  node: Photo;
};

/** Something has happened to a photo. */
export type PhotoEvent = {
  __typename?: 'PhotoEvent';
  /** A new comment on the photo; null when it is about the photo itself. */
  comment?: Maybe<Comment>;
  /** From here the subscription goes on, as its `after`. It is no place in `Photo.comments`. */
  cursor: Scalars['String']['output'];
  /** Whether new comments may have been missed, as at the beginning: read `Photo.comments` anew. */
  isGap: Scalars['Boolean']['output'];
  /** The photo as it is now; null when it has been deleted or may not be seen any more, and then no more events come. */
  photo?: Maybe<Photo>;
};

/** Why a photo could not be made ready. */
export type PhotoFailure = {
  __typename?: 'PhotoFailure';
  /** The reason, for programs. */
  code: PhotoFailureCode;
  /** The reason and what is allowed, in English, for people. */
  message: Scalars['String']['output'];
};

/** The reasons why a photo cannot be made ready. */
export type PhotoFailureCode =
  /** The file's bytes are not those that were declared. */
  | 'CHECKSUM_MISMATCH'
  /** The file is damaged or ends too early, or decoding it takes more than an ordinary photo does. */
  | 'CORRUPT'
  /** The image has more pixels than are allowed in its format. */
  | 'TOO_MANY_PIXELS'
  /** The file is an image of an accepted type, but not of the type that was declared. */
  | 'TYPE_MISMATCH'
  /** The file is not an image of a type that is accepted, whatever its name says. */
  | 'UNSUPPORTED_TYPE';

/** How far a photo has come. */
export type PhotoStatus =
  /** It could not be made ready: `failure` says why. It is shown to its owner alone. */
  | 'FAILED'
  /** It has been sent and is being worked on, mostly for less than a second. */
  | 'PROCESSING'
  /** Its sizes exist, and followers have it or are about to. */
  | 'READY';

/** A named place that photos share: what has the same name within about 100 metres is the same place. */
export type Place = Node & {
  __typename?: 'Place';
  /** The opaque id. */
  id: Scalars['ID']['output'];
  /** Degrees north, from -90 to 90. */
  latitude: Scalars['Float']['output'];
  /** Degrees east, from -180 to 180. */
  longitude: Scalars['Float']['output'];
  /** What it is called. */
  name: Scalars['String']['output'];
  /** The photos of it that the viewer may see, newest first. */
  photos: PhotoConnection;
  /** How exact that is. */
  precision: LocationPrecision;
};


/** A named place that photos share: what has the same name within about 100 metres is the same place. */
export type PlacePhotosArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** What to share. */
export type PublishPhotoInput = {
  /** At most 2,200 characters. */
  caption?: InputMaybe<Scalars['String']['input']>;
  /** Up to 100 characters of the client's choosing: a retry with the same key gets the first answer, not a second photo. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** Where it was taken, and how exactly that is shown; nowhere when left out. */
  location?: InputMaybe<LocationInput>;
  /** The upload that the file was sent to. */
  uploadId: Scalars['ID']['input'];
};

/** The answer to `publishPhoto`. */
export type PublishPhotoPayload = {
  __typename?: 'PublishPhotoPayload';
  /** The photo, PROCESSING. */
  photo?: Maybe<Photo>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** What can be read. */
export type Query = {
  __typename?: 'Query';
  /** What others did to the viewer, the latest first. An activity that somebody joins moves to the top with a new cursor. Needs a session. */
  activity: ActivityConnection;
  /** A hashtag by its name. Any name that can be one is one, whether or not a photo has it. */
  hashtag: Hashtag;
  /**
   * The photos of the people whom the viewer follows, and those with a hashtag that they follow, newest first, back to the very first one. Needs a
   * session.
   */
  homeFeed: PhotoConnection;
  /** The person who is logged in; null without a session. */
  me?: Maybe<Viewer>;
  /** What moderators did, the latest first. For moderators; FORBIDDEN to others. */
  moderationLog: ModerationActConnection;
  /** The reports that nobody has decided yet, the oldest first. For moderators; FORBIDDEN to others. */
  moderationQueue: ReportConnection;
  /** The thing with this id; null when it does not exist or the viewer may not see it. */
  node?: Maybe<Node>;
  /** The things with these ids, in the same order, with null for each that does not exist or may not be seen. */
  nodes: Array<Maybe<Node>>;
  /** The photos within a box, as a map shows it, that the viewer may see, newest first. When `west` is greater than `east`, it crosses the 180th meridian. */
  photosInBox: PhotoConnection;
  /** The photos within a circle that the viewer may see, newest first. It may cover a pole and cross the 180th meridian. */
  photosNear: NearbyPhotoConnection;
  /** Places within 50 kilometres of a point, the nearest first: those with photos that the viewer may see. */
  placesNear: Array<NearbyPlace>;
  /**
   * What has been liked most lately, of people whom the viewer neither follows nor mutes: photos of the last three days, by likes that lose their worth
   * with the photo's age. The list is made anew every ten minutes; whoever pages on does so in the list in which they began, for an hour.
   */
  popular: PhotoConnection;
  /** People, hashtags and places by what they are called, the better matches of each in turn. Text that begins with "@" finds people alone, and with "#" hashtags alone. */
  search: Array<SearchResult>;
  /**
   * Hashtags by what they begin with, and from three letters on also those that are written a little differently; those with most photos first. Only
   * hashtags of photos that the viewer may see are found.
   */
  searchHashtags: Array<Hashtag>;
  /**
   * People by what their username or name begins with, or a word of it; from three letters on also those who are written a little differently. Those whom the
   * viewer follows come first, then the better match. Capitals do not matter, and an "@" before the text is left out.
   */
  searchPeople: Array<User>;
  /** Places by what their name begins with, or a word of it; from three letters on also those that are written a little differently. The better match comes first. */
  searchPlaces: Array<Place>;
  /** The person with this username, whatever its capitals; null when there is none, or none for the viewer. */
  user?: Maybe<User>;
};


/** What can be read. */
export type QueryActivityArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** What can be read. */
export type QueryHashtagArgs = {
  name: Scalars['String']['input'];
};


/** What can be read. */
export type QueryHomeFeedArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** What can be read. */
export type QueryModerationLogArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** What can be read. */
export type QueryModerationQueueArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** What can be read. */
export type QueryNodeArgs = {
  id: Scalars['ID']['input'];
};


/** What can be read. */
export type QueryNodesArgs = {
  ids: Array<Scalars['ID']['input']>;
};


/** What can be read. */
export type QueryPhotosInBoxArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  east: Scalars['Float']['input'];
  first?: InputMaybe<Scalars['Int']['input']>;
  north: Scalars['Float']['input'];
  publishedBefore?: InputMaybe<Scalars['DateTime']['input']>;
  publishedFrom?: InputMaybe<Scalars['DateTime']['input']>;
  south: Scalars['Float']['input'];
  west: Scalars['Float']['input'];
};


/** What can be read. */
export type QueryPhotosNearArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  latitude: Scalars['Float']['input'];
  longitude: Scalars['Float']['input'];
  publishedBefore?: InputMaybe<Scalars['DateTime']['input']>;
  publishedFrom?: InputMaybe<Scalars['DateTime']['input']>;
  radiusMeters: Scalars['Float']['input'];
};


/** What can be read. */
export type QueryPlacesNearArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
  latitude: Scalars['Float']['input'];
  longitude: Scalars['Float']['input'];
  name?: InputMaybe<Scalars['String']['input']>;
};


/** What can be read. */
export type QueryPopularArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** What can be read. */
export type QuerySearchArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
  text: Scalars['String']['input'];
};


/** What can be read. */
export type QuerySearchHashtagsArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
  text: Scalars['String']['input'];
};


/** What can be read. */
export type QuerySearchPeopleArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
  text: Scalars['String']['input'];
};


/** What can be read. */
export type QuerySearchPlacesArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
  text: Scalars['String']['input'];
};


/** What can be read. */
export type QueryUserArgs = {
  username: Scalars['String']['input'];
};

/** The answer to `removeAvatar`. */
export type RemoveAvatarPayload = {
  __typename?: 'RemoveAvatarPayload';
  /** The viewer, changed. */
  user?: Maybe<User>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** Which comment, and why. */
export type RemoveCommentInput = {
  /** The comment's id. */
  commentId: Scalars['ID']['input'];
  /** Why, for the log: 1 to 1,000 characters. */
  why: Scalars['String']['input'];
};

/** The answer to `removeComment`. */
export type RemoveCommentPayload = {
  __typename?: 'RemoveCommentPayload';
  /** The id of the comment that is no more. */
  removedCommentId?: Maybe<Scalars['ID']['output']>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** Who shall follow no more. */
export type RemoveFollowerInput = {
  /** The person's id. */
  userId: Scalars['ID']['input'];
};

/** The answer to `removeFollower`. */
export type RemoveFollowerPayload = {
  __typename?: 'RemoveFollowerPayload';
  /** The person. */
  user?: Maybe<User>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** Somebody says that something is against the rules. */
export type Report = Node & {
  __typename?: 'Report';
  /** When it was reported. */
  createdAt: Scalars['DateTime']['output'];
  /** What the reporter wrote; empty when nothing. */
  details: Scalars['String']['output'];
  /** The opaque id. */
  id: Scalars['ID']['output'];
  /** Why. */
  reason: ReportReason;
  /** Who reported it; null when that account is hidden. */
  reporter?: Maybe<User>;
  /** What it is about; null when that has been deleted. */
  subject?: Maybe<ReportSubject>;
};

/** A page of reports. */
export type ReportConnection = {
  __typename?: 'ReportConnection';
  /** The reports with their cursors. */
  edges: Array<ReportEdge>;
  /** The reports alone. */
  nodes: Array<Report>;
  /** Whether and where the list goes on. */
  pageInfo: PageInfo;
};

/** A report in its place in the list. */
export type ReportEdge = {
  __typename?: 'ReportEdge';
  /** This place. */
  cursor: Scalars['String']['output'];
  /** The report. */
  node: Report;
};

/** What is reported, and why. */
export type ReportInput = {
  /** At most 1,000 characters. */
  details?: InputMaybe<Scalars['String']['input']>;
  /** Which rule. */
  reason: ReportReason;
  /** The id of the photo, the comment or the person. */
  subjectId: Scalars['ID']['input'];
};

/** The answer to `report`. */
export type ReportPayload = {
  __typename?: 'ReportPayload';
  /** Whether the moderators have it now. */
  reported?: Maybe<Scalars['Boolean']['output']>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** Why something is reported. */
export type ReportReason =
  /** What is false and meant to deceive. */
  | 'FALSE_INFORMATION'
  /** Bullying or harassment of somebody. */
  | 'HARASSMENT'
  /** Hatred of a group of people. */
  | 'HATE'
  /** Nudity or sexual content. */
  | 'NUDITY'
  /** Anything else: `details` tells. */
  | 'OTHER'
  /** Suicide or self-harm. */
  | 'SELF_HARM'
  /** Advertising, fraud, or the same again and again. */
  | 'SPAM'
  /** Violence or threats of it. */
  | 'VIOLENCE';

/** What somebody reports: a photo, a comment or a person. */
export type ReportSubject = Comment | Photo | User;

/** The password once more. */
export type RequestDataExportInput = {
  /** The viewer's password. */
  password: Scalars['String']['input'];
};

/** The answer to `requestDataExport`. */
export type RequestDataExportPayload = {
  __typename?: 'RequestDataExportPayload';
  /** The copy, PROCESSING. */
  dataExport?: Maybe<DataExport>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** The answer to `requestEmailVerification`. */
export type RequestEmailVerificationPayload = {
  __typename?: 'RequestEmailVerificationPayload';
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
  /** The viewer. */
  viewer?: Maybe<Viewer>;
};

/** Whose password. */
export type RequestPasswordResetInput = {
  /** The account's address. */
  email: Scalars['String']['input'];
};

/** The answer to `requestPasswordReset`. */
export type RequestPasswordResetPayload = {
  __typename?: 'RequestPasswordResetPayload';
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** The token and the new password. */
export type ResetPasswordInput = {
  /** 8 to 200 characters. */
  newPassword: Scalars['String']['input'];
  /** The token from the link. */
  token: Scalars['String']['input'];
};

/** The answer to `resetPassword`. */
export type ResetPasswordPayload = {
  __typename?: 'ResetPasswordPayload';
  /** Whether the password is changed. */
  changed?: Maybe<Scalars['Boolean']['output']>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** Which photo, and why. */
export type RestorePhotoInput = {
  /** The photo's id. */
  photoId: Scalars['ID']['input'];
  /** Why, for the log: 1 to 1,000 characters. */
  why: Scalars['String']['input'];
};

/** The answer to `restorePhoto`. */
export type RestorePhotoPayload = {
  __typename?: 'RestorePhotoPayload';
  /** The photo, changed. */
  photo?: Maybe<Photo>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** Whom, and why. */
export type RestoreUserInput = {
  /** The person's id. */
  userId: Scalars['ID']['input'];
  /** Why, for the log: 1 to 1,000 characters. */
  why: Scalars['String']['input'];
};

/** The answer to `restoreUser`. */
export type RestoreUserPayload = {
  __typename?: 'RestoreUserPayload';
  /** The person. */
  user?: Maybe<User>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** Which session to end. */
export type RevokeSessionInput = {
  /** The session's id. */
  sessionId: Scalars['ID']['input'];
};

/** The answer to `revokeSession`. */
export type RevokeSessionPayload = {
  __typename?: 'RevokeSessionPayload';
  /** The id of the session that ended. */
  revokedSessionId?: Maybe<Scalars['ID']['output']>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** What a search finds. */
export type SearchResult = Hashtag | Place | User;

/** One log-in on one device. It ends by log-out, by being revoked, when the password changes, or when unused for long. */
export type Session = Node & {
  __typename?: 'Session';
  /** When the log-in was. */
  createdAt: Scalars['DateTime']['output'];
  /** The name that the device gave at log-in; empty when it gave none. */
  device: Scalars['String']['output'];
  /** When it ends unless it is used before. */
  expiresAt: Scalars['DateTime']['output'];
  /** The opaque id. */
  id: Scalars['ID']['output'];
  /** Whether this very request came with it. */
  isCurrent: Scalars['Boolean']['output'];
  /** When it was last used, to within five minutes. */
  lastUsedAt: Scalars['DateTime']['output'];
};

/** A page of sessions. */
export type SessionConnection = {
  __typename?: 'SessionConnection';
  /** The sessions with their cursors. */
  edges: Array<SessionEdge>;
  /** The sessions alone. */
  nodes: Array<Session>;
  /** Whether and where the list goes on. */
  pageInfo: PageInfo;
};

/** A session in its place in the list. */
export type SessionEdge = {
  __typename?: 'SessionEdge';
  /** This place. */
  cursor: Scalars['String']['output'];
  /** The session. */
  node: Session;
};

/** Which upload. */
export type SetAvatarInput = {
  /** The upload that the file was sent to. */
  uploadId: Scalars['ID']['input'];
};

/** The answer to `setAvatar`. */
export type SetAvatarPayload = {
  __typename?: 'SetAvatarPayload';
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
  /** The viewer. */
  viewer?: Maybe<Viewer>;
};

/** Whether an account is private. */
export type SetPrivacyInput = {
  /** Whether only approved followers see the viewer's photos. */
  isPrivate: Scalars['Boolean']['input'];
};

/** The answer to `setPrivacy`. */
export type SetPrivacyPayload = {
  __typename?: 'SetPrivacyPayload';
  /** The viewer, changed. */
  user?: Maybe<User>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** Who signs up. */
export type SignUpInput = {
  /** A name for this device in the list of sessions: at most 100 characters. */
  device?: InputMaybe<Scalars['String']['input']>;
  /** The name to show: 1 to 60 characters. */
  displayName: Scalars['String']['input'];
  /** The address for log-in and mail. Unique. */
  email: Scalars['String']['input'];
  /** 8 to 200 characters. */
  password: Scalars['String']['input'];
  /** 3 to 30 of a to z, 0 to 9, dot and underscore; capitals become small letters. Unique. */
  username: Scalars['String']['input'];
};

/** The answer to `signUp`. */
export type SignUpPayload = {
  __typename?: 'SignUpPayload';
  /** The secret to send as `Authorization: Bearer …` with every request. It is shown only here. */
  token?: Maybe<Scalars['String']['output']>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
  /** The new account. */
  viewer?: Maybe<Viewer>;
};

/** What is told as it happens, over WebSocket. */
export type Subscription = {
  __typename?: 'Subscription';
  /**
   * What others do to the viewer, as it happens, once. Needs a session, and ends with it. A client that loses its connection goes on with
   * `after`, at any server, and has missed nothing.
   */
  activity: ActivityEvent;
  /** Each new photo with a hashtag that the viewer may see, once: as it is shared, or as its owner adds the hashtag. */
  hashtagPhotos: HashtagPhotosEvent;
  /**
   * Each new photo of the people whom the viewer follows, or with a hashtag that they follow, as it arrives in their home feed, once. Needs a session,
   * and ends with it. A client that loses its connection goes on with `after`, at any server, and has missed nothing.
   */
  homeFeed: HomeFeedEvent;
  /**
   * One photo: as it is now, then as its status, caption and counts change, and each new comment, once. NOT_FOUND for a photo that the
   * viewer may not see; when that changes later, or the photo is deleted, it completes. A client that is slower than the changes is told of the last
   * only, and of every comment.
   */
  photo: PhotoEvent;
  /** Each new photo within a circle that the viewer may see, as it is shared, once. */
  photosNear: NearbyPhotoEvent;
  /**
   * Each new photo of a person, as it is shared, once. NOT_FOUND for somebody whose photos the viewer may not see; when that changes
   * later, it completes.
   */
  userPhotos: UserPhotosEvent;
};


/** What is told as it happens, over WebSocket. */
export type SubscriptionActivityArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
};


/** What is told as it happens, over WebSocket. */
export type SubscriptionHashtagPhotosArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  name: Scalars['String']['input'];
};


/** What is told as it happens, over WebSocket. */
export type SubscriptionHomeFeedArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
};


/** What is told as it happens, over WebSocket. */
export type SubscriptionPhotoArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  id: Scalars['ID']['input'];
};


/** What is told as it happens, over WebSocket. */
export type SubscriptionPhotosNearArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  latitude: Scalars['Float']['input'];
  longitude: Scalars['Float']['input'];
  radiusMeters: Scalars['Float']['input'];
};


/** What is told as it happens, over WebSocket. */
export type SubscriptionUserPhotosArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  userId: Scalars['ID']['input'];
};

/** Whom, and why. */
export type SuspendUserInput = {
  /** The person's id. */
  userId: Scalars['ID']['input'];
  /** Why, for the log: 1 to 1,000 characters. */
  why: Scalars['String']['input'];
};

/** The answer to `suspendUser`. */
export type SuspendUserPayload = {
  __typename?: 'SuspendUserPayload';
  /** The person. */
  user?: Maybe<User>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** Whom to block no more. */
export type UnblockInput = {
  /** The person's id. */
  userId: Scalars['ID']['input'];
};

/** The answer to `unblock`. */
export type UnblockPayload = {
  __typename?: 'UnblockPayload';
  /** The person. */
  user?: Maybe<User>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** Which to follow no more. */
export type UnfollowHashtagInput = {
  /** The hashtag, with or without "#". */
  name: Scalars['String']['input'];
};

/** The answer to `unfollowHashtag`. */
export type UnfollowHashtagPayload = {
  __typename?: 'UnfollowHashtagPayload';
  /** The hashtag. */
  hashtag?: Maybe<Hashtag>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** Whom to follow no more. */
export type UnfollowInput = {
  /** The person's id. */
  userId: Scalars['ID']['input'];
};

/** The answer to `unfollow`. */
export type UnfollowPayload = {
  __typename?: 'UnfollowPayload';
  /** The person. */
  user?: Maybe<User>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** Which photo's like to take back. */
export type UnlikePhotoInput = {
  /** The photo's id. */
  photoId: Scalars['ID']['input'];
};

/** The answer to `unlikePhoto`. */
export type UnlikePhotoPayload = {
  __typename?: 'UnlikePhotoPayload';
  /** The photo, with its new count. */
  photo?: Maybe<Photo>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** Whom to mute no more. */
export type UnmuteInput = {
  /** The person's id. */
  userId: Scalars['ID']['input'];
};

/** The answer to `unmute`. */
export type UnmutePayload = {
  __typename?: 'UnmutePayload';
  /** The person. */
  user?: Maybe<User>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** What to change in a photo. */
export type UpdatePhotoInput = {
  /** At most 2,200 characters; left out, it stays as it is. */
  caption?: InputMaybe<Scalars['String']['input']>;
  /** Where it was taken, and how exactly that is shown; null shows it nowhere, and left out, it stays as it is. */
  location?: InputMaybe<LocationInput>;
  /** The photo's id. */
  photoId: Scalars['ID']['input'];
};

/** The answer to `updatePhoto`. */
export type UpdatePhotoPayload = {
  __typename?: 'UpdatePhotoPayload';
  /** The photo, changed. */
  photo?: Maybe<Photo>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** What to change in a profile; what is left out stays. */
export type UpdateProfileInput = {
  /** What the person says of themselves: at most 500 characters. */
  bio?: InputMaybe<Scalars['String']['input']>;
  /** The name to show: 1 to 60 characters. */
  displayName?: InputMaybe<Scalars['String']['input']>;
};

/** The answer to `updateProfile`. */
export type UpdateProfilePayload = {
  __typename?: 'UpdateProfilePayload';
  /** The person, changed. */
  user?: Maybe<User>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};

/** A place to send one file to. */
export type Upload = Node & {
  __typename?: 'Upload';
  /** Until when the file can be sent and published. */
  expiresAt: Scalars['DateTime']['output'];
  /** The headers that the PUT must carry. */
  headers: Array<HttpHeader>;
  /** The opaque id. */
  id: Scalars['ID']['output'];
  /**
   * The point that the file itself holds (GPS in Exif), for the uploader alone to choose from; null when it holds none,
   * or has not been sent. It is read when it is first asked for, stored with the upload alone, and gone with it.
   */
  suggestedLocation?: Maybe<Coordinates>;
  /**
   * Where to send the file: one HTTP PUT with exactly the `headers` given and the file as its body. The store refuses
   * a file of another type, length or content than was declared.
   */
  url: Scalars['String']['output'];
};

/** A person with an account, as others see them. */
export type User = Node & {
  __typename?: 'User';
  /** A picture of the person, 320 × 320 pixels; null without one. It is public, also when the account is private. */
  avatar?: Maybe<Image>;
  /** What the person says of themselves; empty when nothing. */
  bio: Scalars['String']['output'];
  /** When the account was made. */
  createdAt: Scalars['DateTime']['output'];
  /** The name to show, as the person wrote it. */
  displayName: Scalars['String']['output'];
  /** How many people follow this person. */
  followerCount: Scalars['Int']['output'];
  /** Who follows this person, the newest follow first. Empty when the account is private and the viewer does not follow it. */
  followers: UserConnection;
  /** Whom this person follows, the newest follow first. Empty when the account is private and the viewer does not follow it. */
  following: UserConnection;
  /** How many people this person follows. */
  followingCount: Scalars['Int']['output'];
  /** Whether this person follows the viewer; false without a session. */
  followsViewer: Scalars['Boolean']['output'];
  /** The opaque id. */
  id: Scalars['ID']['output'];
  /** Whether the viewer has blocked this person. Such people are found in `Viewer.blockedUsers` only. */
  isBlockedByViewer: Scalars['Boolean']['output'];
  /** Whether the viewer has muted this person. */
  isMutedByViewer: Scalars['Boolean']['output'];
  /** Whether only followers whom the person has approved see their photos. */
  isPrivate: Scalars['Boolean']['output'];
  /** How many photos the person has shared. It may lag by half a second, as the other counts do. */
  photoCount: Scalars['Int']['output'];
  /** The photos that the person has shared, newest first. Empty when the account is private and the viewer does not follow it. */
  photos: PhotoConnection;
  /** Whether this person has asked to follow the viewer and waits for an answer. */
  requestedViewer: Scalars['Boolean']['output'];
  /** The unique name: 3 to 30 of a to z, 0 to 9, dot and underscore. */
  username: Scalars['String']['output'];
  /** Whether the viewer follows this person; false without a session. */
  viewerFollows: Scalars['Boolean']['output'];
  /** Whether the viewer has asked to follow this person and waits for an answer. */
  viewerRequested: Scalars['Boolean']['output'];
};


/** A person with an account, as others see them. */
export type UserFollowersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** A person with an account, as others see them. */
export type UserFollowingArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** A person with an account, as others see them. */
export type UserPhotosArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** A page of people. */
export type UserConnection = {
  __typename?: 'UserConnection';
  /** The people with their cursors. */
  edges: Array<UserEdge>;
  /** The people alone. */
  nodes: Array<User>;
  /** Whether and where the list goes on. */
  pageInfo: PageInfo;
};

/** A person in their place in the list. */
export type UserEdge = {
  __typename?: 'UserEdge';
  /** This place. */
  cursor: Scalars['String']['output'];
  /** The person. */
  node: User;
};

/** Something in the input that the person who made it can mend. Nothing was changed. */
export type UserError = {
  __typename?: 'UserError';
  /** What kind of mistake it is, for programs. */
  code: UserErrorCode;
  /** The path of the input field that it is about, from the input's root; empty when it is about the whole. */
  field: Array<Scalars['String']['output']>;
  /** What was wrong and what is allowed, in English, for people. */
  message: Scalars['String']['output'];
};

/** The kinds of mistake that a `UserError` tells of. */
export type UserErrorCode =
  /** The upload has been published already. */
  | 'ALREADY_USED'
  /** The time in which this could be used is over. */
  | 'EXPIRED'
  /** The same idempotency key came with another input before. */
  | 'IDEMPOTENCY_CONFLICT'
  /** The value does not have the form that it must have. */
  | 'INVALID'
  /** There is nothing with this id that you may see. */
  | 'NOT_FOUND'
  /** The thing is not in a state that allows this, such as a like for a photo that is not ready. */
  | 'NOT_READY'
  /** The file has not been sent to the upload's URL yet. */
  | 'NOT_UPLOADED'
  /** This value is kept from being used. */
  | 'RESERVED'
  /** You may not do this to yourself. */
  | 'SELF'
  /** The account is suspended: only moderators can restore it. */
  | 'SUSPENDED'
  /** Somebody else has this value already. */
  | 'TAKEN'
  /** The file is larger than is allowed. */
  | 'TOO_LARGE'
  /** The text has more characters than are allowed. */
  | 'TOO_LONG'
  /** There are more of these than are allowed. */
  | 'TOO_MANY'
  /** The text has fewer characters than are needed. */
  | 'TOO_SHORT'
  /** Files of this type are not accepted. */
  | 'UNSUPPORTED_TYPE'
  /** The user or the password is wrong: which of them is not told. */
  | 'WRONG_CREDENTIALS';

/** A photo that somebody has shared. */
export type UserPhotosEvent = {
  __typename?: 'UserPhotosEvent';
  /** From here the subscription goes on, as its `after`. It is no place in `User.photos`. */
  cursor: Scalars['String']['output'];
  /** Whether something may have been missed, as at the beginning: read `User.photos` anew. The photo is null then. */
  isGap: Scalars['Boolean']['output'];
  /** The photo; null when `isGap`. */
  photo?: Maybe<Photo>;
};

/** What was mailed. */
export type VerifyEmailInput = {
  /** The token from the link. */
  token: Scalars['String']['input'];
};

/** The answer to `verifyEmail`. */
export type VerifyEmailPayload = {
  __typename?: 'VerifyEmailPayload';
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
  /** Whether the address is proved now. */
  verified?: Maybe<Scalars['Boolean']['output']>;
};

/** The person who is logged in, with what only they may see. */
export type Viewer = {
  __typename?: 'Viewer';
  /** Why it could not be made ready; null unless FAILED. */
  avatarFailure?: Maybe<PhotoFailure>;
  /** How far the last picture that was sent with `setAvatar` has come; null when there was none. */
  avatarStatus?: Maybe<PhotoStatus>;
  /** Whom the viewer has blocked, newest first. */
  blockedUsers: UserConnection;
  /** The copy of the viewer's data that was asked for last; null when there is none, or its time is over. */
  dataExport?: Maybe<DataExport>;
  /** The address for log-in and mail. */
  email: Scalars['String']['output'];
  /** Whether a mail to this address has been answered: see `verifyEmail`. */
  emailIsVerified: Scalars['Boolean']['output'];
  /** Who asks to follow the viewer, newest first. */
  followRequests: UserConnection;
  /** The hashtags that the viewer follows, the latest first. */
  followedHashtags: HashtagConnection;
  /** Whether the viewer is a moderator. */
  isModerator: Scalars['Boolean']['output'];
  /** Whom the viewer has muted, newest first. */
  mutedUsers: UserConnection;
  /** Whom the viewer has asked to follow and who has not answered, newest first. */
  sentFollowRequests: UserConnection;
  /** Where this account is logged in, newest first. */
  sessions: SessionConnection;
  /** How many activities are newer than what `markActivityRead` was told of; 100 stands for 100 or more. */
  unreadActivityCount: Scalars['Int']['output'];
  /** The person as others see them. */
  user: User;
};


/** The person who is logged in, with what only they may see. */
export type ViewerBlockedUsersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** The person who is logged in, with what only they may see. */
export type ViewerFollowRequestsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** The person who is logged in, with what only they may see. */
export type ViewerFollowedHashtagsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** The person who is logged in, with what only they may see. */
export type ViewerMutedUsersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** The person who is logged in, with what only they may see. */
export type ViewerSentFollowRequestsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** The person who is logged in, with what only they may see. */
export type ViewerSessionsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** Whom the viewer asked. */
export type WithdrawFollowRequestInput = {
  /** The person's id. */
  userId: Scalars['ID']['input'];
};

/** The answer to `withdrawFollowRequest`. */
export type WithdrawFollowRequestPayload = {
  __typename?: 'WithdrawFollowRequestPayload';
  /** The person. */
  user?: Maybe<User>;
  /** What was wrong with the input. */
  userErrors: Array<UserError>;
};



export type ResolverTypeWrapper<T> = Promise<T> | T;


export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;



/** Mapping of union types */
export type ResolversUnionTypes<_RefType extends Record<string, unknown>> = {
  ReportSubject:
    | ( CommentRow & { __typename: 'Comment' } )
    | ( PhotoRow & { __typename: 'Photo' } )
    | ( UserRow & { __typename: 'User' } )
  ;
  SearchResult:
    | ( HashtagRow & { __typename: 'Hashtag' } )
    | ( PlaceRow & { __typename: 'Place' } )
    | ( UserRow & { __typename: 'User' } )
  ;
};

/** Mapping of interface types */
export type ResolversInterfaceTypes<_RefType extends Record<string, unknown>> = {
  Node:
    | ( CommentRow & { __typename: 'Comment' } )
    | ( PhotoRow & { __typename: 'Photo' } )
    | ( PlaceRow & { __typename: 'Place' } )
    | ( ReportRow & { __typename: 'Report' } )
    | ( SessionRow & { __typename: 'Session' } )
    | ( UploadRow & { __typename: 'Upload' } )
    | ( UserRow & { __typename: 'User' } )
  ;
};

/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  Activity: ResolverTypeWrapper<ActivityRow>;
  ActivityConnection: ResolverTypeWrapper<Omit<ActivityConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['ActivityEdge']>, nodes: Array<ResolversTypes['Activity']> }>;
  ActivityEdge: ResolverTypeWrapper<Omit<ActivityEdge, 'node'> & { node: ResolversTypes['Activity'] }>;
  ActivityEvent: ResolverTypeWrapper<NewActivityEvent>;
  ActivityKind: ActivityKind;
  AddCommentInput: AddCommentInput;
  AddCommentPayload: ResolverTypeWrapper<Omit<AddCommentPayload, 'comment'> & { comment?: Maybe<ResolversTypes['Comment']> }>;
  ApproveFollowRequestInput: ApproveFollowRequestInput;
  ApproveFollowRequestPayload: ResolverTypeWrapper<Omit<ApproveFollowRequestPayload, 'user'> & { user?: Maybe<ResolversTypes['User']> }>;
  BlockInput: BlockInput;
  BlockPayload: ResolverTypeWrapper<Omit<BlockPayload, 'user'> & { user?: Maybe<ResolversTypes['User']> }>;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  ChangePasswordInput: ChangePasswordInput;
  ChangePasswordPayload: ResolverTypeWrapper<Omit<ChangePasswordPayload, 'viewer'> & { viewer?: Maybe<ResolversTypes['Viewer']> }>;
  ChangeUsernameInput: ChangeUsernameInput;
  ChangeUsernamePayload: ResolverTypeWrapper<Omit<ChangeUsernamePayload, 'user'> & { user?: Maybe<ResolversTypes['User']> }>;
  Comment: ResolverTypeWrapper<CommentRow>;
  CommentConnection: ResolverTypeWrapper<Omit<CommentConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['CommentEdge']>, nodes: Array<ResolversTypes['Comment']> }>;
  CommentEdge: ResolverTypeWrapper<Omit<CommentEdge, 'node'> & { node: ResolversTypes['Comment'] }>;
  Coordinates: ResolverTypeWrapper<Coordinates>;
  CreateUploadInput: CreateUploadInput;
  CreateUploadPayload: ResolverTypeWrapper<Omit<CreateUploadPayload, 'upload'> & { upload?: Maybe<ResolversTypes['Upload']> }>;
  DataExport: ResolverTypeWrapper<DataExportRow>;
  DataExportStatus: DataExportStatus;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  DeactivateAccountInput: DeactivateAccountInput;
  DeactivateAccountPayload: ResolverTypeWrapper<DeactivateAccountPayload>;
  DeclineFollowRequestInput: DeclineFollowRequestInput;
  DeclineFollowRequestPayload: ResolverTypeWrapper<Omit<DeclineFollowRequestPayload, 'user'> & { user?: Maybe<ResolversTypes['User']> }>;
  DeleteAccountInput: DeleteAccountInput;
  DeleteAccountPayload: ResolverTypeWrapper<DeleteAccountPayload>;
  DeleteCommentInput: DeleteCommentInput;
  DeleteCommentPayload: ResolverTypeWrapper<Omit<DeleteCommentPayload, 'photo'> & { photo?: Maybe<ResolversTypes['Photo']> }>;
  DeletePhotoInput: DeletePhotoInput;
  DeletePhotoPayload: ResolverTypeWrapper<DeletePhotoPayload>;
  DismissReportsInput: DismissReportsInput;
  DismissReportsPayload: ResolverTypeWrapper<DismissReportsPayload>;
  Float: ResolverTypeWrapper<Scalars['Float']['output']>;
  FollowHashtagInput: FollowHashtagInput;
  FollowHashtagPayload: ResolverTypeWrapper<Omit<FollowHashtagPayload, 'hashtag'> & { hashtag?: Maybe<ResolversTypes['Hashtag']> }>;
  FollowInput: FollowInput;
  FollowPayload: ResolverTypeWrapper<Omit<FollowPayload, 'user'> & { user?: Maybe<ResolversTypes['User']> }>;
  Hashtag: ResolverTypeWrapper<HashtagRow>;
  HashtagConnection: ResolverTypeWrapper<Omit<HashtagConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['HashtagEdge']>, nodes: Array<ResolversTypes['Hashtag']> }>;
  HashtagEdge: ResolverTypeWrapper<Omit<HashtagEdge, 'node'> & { node: ResolversTypes['Hashtag'] }>;
  HashtagPhotosEvent: ResolverTypeWrapper<NewPhotoEvent>;
  HidePhotoInput: HidePhotoInput;
  HidePhotoPayload: ResolverTypeWrapper<Omit<HidePhotoPayload, 'photo'> & { photo?: Maybe<ResolversTypes['Photo']> }>;
  HomeFeedEvent: ResolverTypeWrapper<NewPhotoEvent>;
  HttpHeader: ResolverTypeWrapper<HttpHeader>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  Image: ResolverTypeWrapper<Image>;
  ImageSize: ImageSize;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  LikePhotoInput: LikePhotoInput;
  LikePhotoPayload: ResolverTypeWrapper<Omit<LikePhotoPayload, 'photo'> & { photo?: Maybe<ResolversTypes['Photo']> }>;
  Location: ResolverTypeWrapper<PhotoLocation>;
  LocationInput: LocationInput;
  LocationPrecision: LocationPrecision;
  LogInInput: LogInInput;
  LogInPayload: ResolverTypeWrapper<Omit<LogInPayload, 'viewer'> & { viewer?: Maybe<ResolversTypes['Viewer']> }>;
  LogOutPayload: ResolverTypeWrapper<LogOutPayload>;
  MarkActivityReadInput: MarkActivityReadInput;
  MarkActivityReadPayload: ResolverTypeWrapper<Omit<MarkActivityReadPayload, 'viewer'> & { viewer?: Maybe<ResolversTypes['Viewer']> }>;
  ModerationAct: ResolverTypeWrapper<ModerationActionRow>;
  ModerationActConnection: ResolverTypeWrapper<Omit<ModerationActConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['ModerationActEdge']>, nodes: Array<ResolversTypes['ModerationAct']> }>;
  ModerationActEdge: ResolverTypeWrapper<Omit<ModerationActEdge, 'node'> & { node: ResolversTypes['ModerationAct'] }>;
  ModerationActKind: ModerationActKind;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  MuteInput: MuteInput;
  MutePayload: ResolverTypeWrapper<Omit<MutePayload, 'user'> & { user?: Maybe<ResolversTypes['User']> }>;
  NearbyPhotoConnection: ResolverTypeWrapper<Omit<NearbyPhotoConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['NearbyPhotoEdge']>, nodes: Array<ResolversTypes['Photo']> }>;
  NearbyPhotoEdge: ResolverTypeWrapper<Omit<NearbyPhotoEdge, 'node'> & { node: ResolversTypes['Photo'] }>;
  NearbyPhotoEvent: ResolverTypeWrapper<NewNearbyPhotoEvent>;
  NearbyPlace: ResolverTypeWrapper<Omit<NearbyPlace, 'place'> & { place: ResolversTypes['Place'] }>;
  Node: ResolverTypeWrapper<ResolversInterfaceTypes<ResolversTypes>['Node']>;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  Photo: ResolverTypeWrapper<PhotoRow>;
  PhotoConnection: ResolverTypeWrapper<Omit<PhotoConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['PhotoEdge']>, nodes: Array<ResolversTypes['Photo']> }>;
  PhotoEdge: ResolverTypeWrapper<Omit<PhotoEdge, 'node'> & { node: ResolversTypes['Photo'] }>;
  PhotoEvent: ResolverTypeWrapper<PhotoUpdateEvent>;
  PhotoFailure: ResolverTypeWrapper<PhotoFailureCode>;
  PhotoFailureCode: PhotoFailureCode;
  PhotoStatus: PhotoStatus;
  Place: ResolverTypeWrapper<PlaceRow>;
  PublishPhotoInput: PublishPhotoInput;
  PublishPhotoPayload: ResolverTypeWrapper<Omit<PublishPhotoPayload, 'photo'> & { photo?: Maybe<ResolversTypes['Photo']> }>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  RemoveAvatarPayload: ResolverTypeWrapper<Omit<RemoveAvatarPayload, 'user'> & { user?: Maybe<ResolversTypes['User']> }>;
  RemoveCommentInput: RemoveCommentInput;
  RemoveCommentPayload: ResolverTypeWrapper<RemoveCommentPayload>;
  RemoveFollowerInput: RemoveFollowerInput;
  RemoveFollowerPayload: ResolverTypeWrapper<Omit<RemoveFollowerPayload, 'user'> & { user?: Maybe<ResolversTypes['User']> }>;
  Report: ResolverTypeWrapper<ReportRow>;
  ReportConnection: ResolverTypeWrapper<Omit<ReportConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['ReportEdge']>, nodes: Array<ResolversTypes['Report']> }>;
  ReportEdge: ResolverTypeWrapper<Omit<ReportEdge, 'node'> & { node: ResolversTypes['Report'] }>;
  ReportInput: ReportInput;
  ReportPayload: ResolverTypeWrapper<ReportPayload>;
  ReportReason: ReportReason;
  ReportSubject: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['ReportSubject']>;
  RequestDataExportInput: RequestDataExportInput;
  RequestDataExportPayload: ResolverTypeWrapper<Omit<RequestDataExportPayload, 'dataExport'> & { dataExport?: Maybe<ResolversTypes['DataExport']> }>;
  RequestEmailVerificationPayload: ResolverTypeWrapper<Omit<RequestEmailVerificationPayload, 'viewer'> & { viewer?: Maybe<ResolversTypes['Viewer']> }>;
  RequestPasswordResetInput: RequestPasswordResetInput;
  RequestPasswordResetPayload: ResolverTypeWrapper<RequestPasswordResetPayload>;
  ResetPasswordInput: ResetPasswordInput;
  ResetPasswordPayload: ResolverTypeWrapper<ResetPasswordPayload>;
  RestorePhotoInput: RestorePhotoInput;
  RestorePhotoPayload: ResolverTypeWrapper<Omit<RestorePhotoPayload, 'photo'> & { photo?: Maybe<ResolversTypes['Photo']> }>;
  RestoreUserInput: RestoreUserInput;
  RestoreUserPayload: ResolverTypeWrapper<Omit<RestoreUserPayload, 'user'> & { user?: Maybe<ResolversTypes['User']> }>;
  RevokeSessionInput: RevokeSessionInput;
  RevokeSessionPayload: ResolverTypeWrapper<RevokeSessionPayload>;
  SearchResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['SearchResult']>;
  Session: ResolverTypeWrapper<SessionRow>;
  SessionConnection: ResolverTypeWrapper<Omit<SessionConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['SessionEdge']>, nodes: Array<ResolversTypes['Session']> }>;
  SessionEdge: ResolverTypeWrapper<Omit<SessionEdge, 'node'> & { node: ResolversTypes['Session'] }>;
  SetAvatarInput: SetAvatarInput;
  SetAvatarPayload: ResolverTypeWrapper<Omit<SetAvatarPayload, 'viewer'> & { viewer?: Maybe<ResolversTypes['Viewer']> }>;
  SetPrivacyInput: SetPrivacyInput;
  SetPrivacyPayload: ResolverTypeWrapper<Omit<SetPrivacyPayload, 'user'> & { user?: Maybe<ResolversTypes['User']> }>;
  SignUpInput: SignUpInput;
  SignUpPayload: ResolverTypeWrapper<Omit<SignUpPayload, 'viewer'> & { viewer?: Maybe<ResolversTypes['Viewer']> }>;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
  SuspendUserInput: SuspendUserInput;
  SuspendUserPayload: ResolverTypeWrapper<Omit<SuspendUserPayload, 'user'> & { user?: Maybe<ResolversTypes['User']> }>;
  UnblockInput: UnblockInput;
  UnblockPayload: ResolverTypeWrapper<Omit<UnblockPayload, 'user'> & { user?: Maybe<ResolversTypes['User']> }>;
  UnfollowHashtagInput: UnfollowHashtagInput;
  UnfollowHashtagPayload: ResolverTypeWrapper<Omit<UnfollowHashtagPayload, 'hashtag'> & { hashtag?: Maybe<ResolversTypes['Hashtag']> }>;
  UnfollowInput: UnfollowInput;
  UnfollowPayload: ResolverTypeWrapper<Omit<UnfollowPayload, 'user'> & { user?: Maybe<ResolversTypes['User']> }>;
  UnlikePhotoInput: UnlikePhotoInput;
  UnlikePhotoPayload: ResolverTypeWrapper<Omit<UnlikePhotoPayload, 'photo'> & { photo?: Maybe<ResolversTypes['Photo']> }>;
  UnmuteInput: UnmuteInput;
  UnmutePayload: ResolverTypeWrapper<Omit<UnmutePayload, 'user'> & { user?: Maybe<ResolversTypes['User']> }>;
  UpdatePhotoInput: UpdatePhotoInput;
  UpdatePhotoPayload: ResolverTypeWrapper<Omit<UpdatePhotoPayload, 'photo'> & { photo?: Maybe<ResolversTypes['Photo']> }>;
  UpdateProfileInput: UpdateProfileInput;
  UpdateProfilePayload: ResolverTypeWrapper<Omit<UpdateProfilePayload, 'user'> & { user?: Maybe<ResolversTypes['User']> }>;
  Upload: ResolverTypeWrapper<UploadRow>;
  User: ResolverTypeWrapper<UserRow>;
  UserConnection: ResolverTypeWrapper<Omit<UserConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['UserEdge']>, nodes: Array<ResolversTypes['User']> }>;
  UserEdge: ResolverTypeWrapper<Omit<UserEdge, 'node'> & { node: ResolversTypes['User'] }>;
  UserError: ResolverTypeWrapper<UserError>;
  UserErrorCode: UserErrorCode;
  UserPhotosEvent: ResolverTypeWrapper<NewPhotoEvent>;
  VerifyEmailInput: VerifyEmailInput;
  VerifyEmailPayload: ResolverTypeWrapper<VerifyEmailPayload>;
  Viewer: ResolverTypeWrapper<SessionRow>;
  WithdrawFollowRequestInput: WithdrawFollowRequestInput;
  WithdrawFollowRequestPayload: ResolverTypeWrapper<Omit<WithdrawFollowRequestPayload, 'user'> & { user?: Maybe<ResolversTypes['User']> }>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  Activity: ActivityRow;
  ActivityConnection: Omit<ActivityConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['ActivityEdge']>, nodes: Array<ResolversParentTypes['Activity']> };
  ActivityEdge: Omit<ActivityEdge, 'node'> & { node: ResolversParentTypes['Activity'] };
  ActivityEvent: NewActivityEvent;
  AddCommentInput: AddCommentInput;
  AddCommentPayload: Omit<AddCommentPayload, 'comment'> & { comment?: Maybe<ResolversParentTypes['Comment']> };
  ApproveFollowRequestInput: ApproveFollowRequestInput;
  ApproveFollowRequestPayload: Omit<ApproveFollowRequestPayload, 'user'> & { user?: Maybe<ResolversParentTypes['User']> };
  BlockInput: BlockInput;
  BlockPayload: Omit<BlockPayload, 'user'> & { user?: Maybe<ResolversParentTypes['User']> };
  Boolean: Scalars['Boolean']['output'];
  ChangePasswordInput: ChangePasswordInput;
  ChangePasswordPayload: Omit<ChangePasswordPayload, 'viewer'> & { viewer?: Maybe<ResolversParentTypes['Viewer']> };
  ChangeUsernameInput: ChangeUsernameInput;
  ChangeUsernamePayload: Omit<ChangeUsernamePayload, 'user'> & { user?: Maybe<ResolversParentTypes['User']> };
  Comment: CommentRow;
  CommentConnection: Omit<CommentConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['CommentEdge']>, nodes: Array<ResolversParentTypes['Comment']> };
  CommentEdge: Omit<CommentEdge, 'node'> & { node: ResolversParentTypes['Comment'] };
  Coordinates: Coordinates;
  CreateUploadInput: CreateUploadInput;
  CreateUploadPayload: Omit<CreateUploadPayload, 'upload'> & { upload?: Maybe<ResolversParentTypes['Upload']> };
  DataExport: DataExportRow;
  DateTime: Scalars['DateTime']['output'];
  DeactivateAccountInput: DeactivateAccountInput;
  DeactivateAccountPayload: DeactivateAccountPayload;
  DeclineFollowRequestInput: DeclineFollowRequestInput;
  DeclineFollowRequestPayload: Omit<DeclineFollowRequestPayload, 'user'> & { user?: Maybe<ResolversParentTypes['User']> };
  DeleteAccountInput: DeleteAccountInput;
  DeleteAccountPayload: DeleteAccountPayload;
  DeleteCommentInput: DeleteCommentInput;
  DeleteCommentPayload: Omit<DeleteCommentPayload, 'photo'> & { photo?: Maybe<ResolversParentTypes['Photo']> };
  DeletePhotoInput: DeletePhotoInput;
  DeletePhotoPayload: DeletePhotoPayload;
  DismissReportsInput: DismissReportsInput;
  DismissReportsPayload: DismissReportsPayload;
  Float: Scalars['Float']['output'];
  FollowHashtagInput: FollowHashtagInput;
  FollowHashtagPayload: Omit<FollowHashtagPayload, 'hashtag'> & { hashtag?: Maybe<ResolversParentTypes['Hashtag']> };
  FollowInput: FollowInput;
  FollowPayload: Omit<FollowPayload, 'user'> & { user?: Maybe<ResolversParentTypes['User']> };
  Hashtag: HashtagRow;
  HashtagConnection: Omit<HashtagConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['HashtagEdge']>, nodes: Array<ResolversParentTypes['Hashtag']> };
  HashtagEdge: Omit<HashtagEdge, 'node'> & { node: ResolversParentTypes['Hashtag'] };
  HashtagPhotosEvent: NewPhotoEvent;
  HidePhotoInput: HidePhotoInput;
  HidePhotoPayload: Omit<HidePhotoPayload, 'photo'> & { photo?: Maybe<ResolversParentTypes['Photo']> };
  HomeFeedEvent: NewPhotoEvent;
  HttpHeader: HttpHeader;
  ID: Scalars['ID']['output'];
  Image: Image;
  Int: Scalars['Int']['output'];
  LikePhotoInput: LikePhotoInput;
  LikePhotoPayload: Omit<LikePhotoPayload, 'photo'> & { photo?: Maybe<ResolversParentTypes['Photo']> };
  Location: PhotoLocation;
  LocationInput: LocationInput;
  LogInInput: LogInInput;
  LogInPayload: Omit<LogInPayload, 'viewer'> & { viewer?: Maybe<ResolversParentTypes['Viewer']> };
  LogOutPayload: LogOutPayload;
  MarkActivityReadInput: MarkActivityReadInput;
  MarkActivityReadPayload: Omit<MarkActivityReadPayload, 'viewer'> & { viewer?: Maybe<ResolversParentTypes['Viewer']> };
  ModerationAct: ModerationActionRow;
  ModerationActConnection: Omit<ModerationActConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['ModerationActEdge']>, nodes: Array<ResolversParentTypes['ModerationAct']> };
  ModerationActEdge: Omit<ModerationActEdge, 'node'> & { node: ResolversParentTypes['ModerationAct'] };
  Mutation: Record<PropertyKey, never>;
  MuteInput: MuteInput;
  MutePayload: Omit<MutePayload, 'user'> & { user?: Maybe<ResolversParentTypes['User']> };
  NearbyPhotoConnection: Omit<NearbyPhotoConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['NearbyPhotoEdge']>, nodes: Array<ResolversParentTypes['Photo']> };
  NearbyPhotoEdge: Omit<NearbyPhotoEdge, 'node'> & { node: ResolversParentTypes['Photo'] };
  NearbyPhotoEvent: NewNearbyPhotoEvent;
  NearbyPlace: Omit<NearbyPlace, 'place'> & { place: ResolversParentTypes['Place'] };
  Node: ResolversInterfaceTypes<ResolversParentTypes>['Node'];
  PageInfo: PageInfo;
  Photo: PhotoRow;
  PhotoConnection: Omit<PhotoConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['PhotoEdge']>, nodes: Array<ResolversParentTypes['Photo']> };
  PhotoEdge: Omit<PhotoEdge, 'node'> & { node: ResolversParentTypes['Photo'] };
  PhotoEvent: PhotoUpdateEvent;
  PhotoFailure: PhotoFailureCode;
  Place: PlaceRow;
  PublishPhotoInput: PublishPhotoInput;
  PublishPhotoPayload: Omit<PublishPhotoPayload, 'photo'> & { photo?: Maybe<ResolversParentTypes['Photo']> };
  Query: Record<PropertyKey, never>;
  RemoveAvatarPayload: Omit<RemoveAvatarPayload, 'user'> & { user?: Maybe<ResolversParentTypes['User']> };
  RemoveCommentInput: RemoveCommentInput;
  RemoveCommentPayload: RemoveCommentPayload;
  RemoveFollowerInput: RemoveFollowerInput;
  RemoveFollowerPayload: Omit<RemoveFollowerPayload, 'user'> & { user?: Maybe<ResolversParentTypes['User']> };
  Report: ReportRow;
  ReportConnection: Omit<ReportConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['ReportEdge']>, nodes: Array<ResolversParentTypes['Report']> };
  ReportEdge: Omit<ReportEdge, 'node'> & { node: ResolversParentTypes['Report'] };
  ReportInput: ReportInput;
  ReportPayload: ReportPayload;
  ReportSubject: ResolversUnionTypes<ResolversParentTypes>['ReportSubject'];
  RequestDataExportInput: RequestDataExportInput;
  RequestDataExportPayload: Omit<RequestDataExportPayload, 'dataExport'> & { dataExport?: Maybe<ResolversParentTypes['DataExport']> };
  RequestEmailVerificationPayload: Omit<RequestEmailVerificationPayload, 'viewer'> & { viewer?: Maybe<ResolversParentTypes['Viewer']> };
  RequestPasswordResetInput: RequestPasswordResetInput;
  RequestPasswordResetPayload: RequestPasswordResetPayload;
  ResetPasswordInput: ResetPasswordInput;
  ResetPasswordPayload: ResetPasswordPayload;
  RestorePhotoInput: RestorePhotoInput;
  RestorePhotoPayload: Omit<RestorePhotoPayload, 'photo'> & { photo?: Maybe<ResolversParentTypes['Photo']> };
  RestoreUserInput: RestoreUserInput;
  RestoreUserPayload: Omit<RestoreUserPayload, 'user'> & { user?: Maybe<ResolversParentTypes['User']> };
  RevokeSessionInput: RevokeSessionInput;
  RevokeSessionPayload: RevokeSessionPayload;
  SearchResult: ResolversUnionTypes<ResolversParentTypes>['SearchResult'];
  Session: SessionRow;
  SessionConnection: Omit<SessionConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['SessionEdge']>, nodes: Array<ResolversParentTypes['Session']> };
  SessionEdge: Omit<SessionEdge, 'node'> & { node: ResolversParentTypes['Session'] };
  SetAvatarInput: SetAvatarInput;
  SetAvatarPayload: Omit<SetAvatarPayload, 'viewer'> & { viewer?: Maybe<ResolversParentTypes['Viewer']> };
  SetPrivacyInput: SetPrivacyInput;
  SetPrivacyPayload: Omit<SetPrivacyPayload, 'user'> & { user?: Maybe<ResolversParentTypes['User']> };
  SignUpInput: SignUpInput;
  SignUpPayload: Omit<SignUpPayload, 'viewer'> & { viewer?: Maybe<ResolversParentTypes['Viewer']> };
  String: Scalars['String']['output'];
  Subscription: Record<PropertyKey, never>;
  SuspendUserInput: SuspendUserInput;
  SuspendUserPayload: Omit<SuspendUserPayload, 'user'> & { user?: Maybe<ResolversParentTypes['User']> };
  UnblockInput: UnblockInput;
  UnblockPayload: Omit<UnblockPayload, 'user'> & { user?: Maybe<ResolversParentTypes['User']> };
  UnfollowHashtagInput: UnfollowHashtagInput;
  UnfollowHashtagPayload: Omit<UnfollowHashtagPayload, 'hashtag'> & { hashtag?: Maybe<ResolversParentTypes['Hashtag']> };
  UnfollowInput: UnfollowInput;
  UnfollowPayload: Omit<UnfollowPayload, 'user'> & { user?: Maybe<ResolversParentTypes['User']> };
  UnlikePhotoInput: UnlikePhotoInput;
  UnlikePhotoPayload: Omit<UnlikePhotoPayload, 'photo'> & { photo?: Maybe<ResolversParentTypes['Photo']> };
  UnmuteInput: UnmuteInput;
  UnmutePayload: Omit<UnmutePayload, 'user'> & { user?: Maybe<ResolversParentTypes['User']> };
  UpdatePhotoInput: UpdatePhotoInput;
  UpdatePhotoPayload: Omit<UpdatePhotoPayload, 'photo'> & { photo?: Maybe<ResolversParentTypes['Photo']> };
  UpdateProfileInput: UpdateProfileInput;
  UpdateProfilePayload: Omit<UpdateProfilePayload, 'user'> & { user?: Maybe<ResolversParentTypes['User']> };
  Upload: UploadRow;
  User: UserRow;
  UserConnection: Omit<UserConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['UserEdge']>, nodes: Array<ResolversParentTypes['User']> };
  UserEdge: Omit<UserEdge, 'node'> & { node: ResolversParentTypes['User'] };
  UserError: UserError;
  UserPhotosEvent: NewPhotoEvent;
  VerifyEmailInput: VerifyEmailInput;
  VerifyEmailPayload: VerifyEmailPayload;
  Viewer: SessionRow;
  WithdrawFollowRequestInput: WithdrawFollowRequestInput;
  WithdrawFollowRequestPayload: Omit<WithdrawFollowRequestPayload, 'user'> & { user?: Maybe<ResolversParentTypes['User']> };
};

export type ActivityResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Activity'] = ResolversParentTypes['Activity']> = {
  actorCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  actors?: Resolver<Array<ResolversTypes['User']>, ParentType, ContextType>;
  comment?: Resolver<Maybe<ResolversTypes['Comment']>, ParentType, ContextType>;
  happenedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  isUnread?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['ActivityKind'], ParentType, ContextType>;
  photo?: Resolver<Maybe<ResolversTypes['Photo']>, ParentType, ContextType>;
};

export type ActivityConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ActivityConnection'] = ResolversParentTypes['ActivityConnection']> = {
  edges?: Resolver<Array<ResolversTypes['ActivityEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['Activity']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type ActivityEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ActivityEdge'] = ResolversParentTypes['ActivityEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Activity'], ParentType, ContextType>;
};

export type ActivityEventResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ActivityEvent'] = ResolversParentTypes['ActivityEvent']> = {
  activity?: Resolver<Maybe<ResolversTypes['Activity']>, ParentType, ContextType>;
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  isGap?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  unreadCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type AddCommentPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['AddCommentPayload'] = ResolversParentTypes['AddCommentPayload']> = {
  comment?: Resolver<Maybe<ResolversTypes['Comment']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type ApproveFollowRequestPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ApproveFollowRequestPayload'] = ResolversParentTypes['ApproveFollowRequestPayload']> = {
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type BlockPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['BlockPayload'] = ResolversParentTypes['BlockPayload']> = {
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type ChangePasswordPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ChangePasswordPayload'] = ResolversParentTypes['ChangePasswordPayload']> = {
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
  viewer?: Resolver<Maybe<ResolversTypes['Viewer']>, ParentType, ContextType>;
};

export type ChangeUsernamePayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ChangeUsernamePayload'] = ResolversParentTypes['ChangeUsernamePayload']> = {
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type CommentResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Comment'] = ResolversParentTypes['Comment']> = {
  author?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  photo?: Resolver<ResolversTypes['Photo'], ParentType, ContextType>;
  text?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type CommentConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['CommentConnection'] = ResolversParentTypes['CommentConnection']> = {
  edges?: Resolver<Array<ResolversTypes['CommentEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['Comment']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type CommentEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['CommentEdge'] = ResolversParentTypes['CommentEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Comment'], ParentType, ContextType>;
};

export type CoordinatesResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Coordinates'] = ResolversParentTypes['Coordinates']> = {
  latitude?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  longitude?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
};

export type CreateUploadPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['CreateUploadPayload'] = ResolversParentTypes['CreateUploadPayload']> = {
  upload?: Resolver<Maybe<ResolversTypes['Upload']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type DataExportResolvers<ContextType = Context, ParentType extends ResolversParentTypes['DataExport'] = ResolversParentTypes['DataExport']> = {
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  expiresAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['DataExportStatus'], ParentType, ContextType>;
  url?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export type DeactivateAccountPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['DeactivateAccountPayload'] = ResolversParentTypes['DeactivateAccountPayload']> = {
  deletedAfter?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type DeclineFollowRequestPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['DeclineFollowRequestPayload'] = ResolversParentTypes['DeclineFollowRequestPayload']> = {
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type DeleteAccountPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['DeleteAccountPayload'] = ResolversParentTypes['DeleteAccountPayload']> = {
  deletedUserId?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type DeleteCommentPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['DeleteCommentPayload'] = ResolversParentTypes['DeleteCommentPayload']> = {
  deletedCommentId?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  photo?: Resolver<Maybe<ResolversTypes['Photo']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type DeletePhotoPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['DeletePhotoPayload'] = ResolversParentTypes['DeletePhotoPayload']> = {
  deletedPhotoId?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type DismissReportsPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['DismissReportsPayload'] = ResolversParentTypes['DismissReportsPayload']> = {
  dismissedCount?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type FollowHashtagPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['FollowHashtagPayload'] = ResolversParentTypes['FollowHashtagPayload']> = {
  hashtag?: Resolver<Maybe<ResolversTypes['Hashtag']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type FollowPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['FollowPayload'] = ResolversParentTypes['FollowPayload']> = {
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type HashtagResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Hashtag'] = ResolversParentTypes['Hashtag']> = {
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  photoCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  photos?: Resolver<ResolversTypes['PhotoConnection'], ParentType, ContextType, RequireFields<HashtagPhotosArgs, 'first'>>;
  related?: Resolver<Array<ResolversTypes['Hashtag']>, ParentType, ContextType, RequireFields<HashtagRelatedArgs, 'first'>>;
  viewerFollows?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type HashtagConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['HashtagConnection'] = ResolversParentTypes['HashtagConnection']> = {
  edges?: Resolver<Array<ResolversTypes['HashtagEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['Hashtag']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type HashtagEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['HashtagEdge'] = ResolversParentTypes['HashtagEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Hashtag'], ParentType, ContextType>;
};

export type HashtagPhotosEventResolvers<ContextType = Context, ParentType extends ResolversParentTypes['HashtagPhotosEvent'] = ResolversParentTypes['HashtagPhotosEvent']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  isGap?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  photo?: Resolver<Maybe<ResolversTypes['Photo']>, ParentType, ContextType>;
};

export type HidePhotoPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['HidePhotoPayload'] = ResolversParentTypes['HidePhotoPayload']> = {
  photo?: Resolver<Maybe<ResolversTypes['Photo']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type HomeFeedEventResolvers<ContextType = Context, ParentType extends ResolversParentTypes['HomeFeedEvent'] = ResolversParentTypes['HomeFeedEvent']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  isGap?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  photo?: Resolver<Maybe<ResolversTypes['Photo']>, ParentType, ContextType>;
};

export type HttpHeaderResolvers<ContextType = Context, ParentType extends ResolversParentTypes['HttpHeader'] = ResolversParentTypes['HttpHeader']> = {
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  value?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type ImageResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Image'] = ResolversParentTypes['Image']> = {
  expiresAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  height?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  url?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  width?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type LikePhotoPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['LikePhotoPayload'] = ResolversParentTypes['LikePhotoPayload']> = {
  photo?: Resolver<Maybe<ResolversTypes['Photo']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type LocationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Location'] = ResolversParentTypes['Location']> = {
  latitude?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  longitude?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  place?: Resolver<Maybe<ResolversTypes['Place']>, ParentType, ContextType>;
  precision?: Resolver<ResolversTypes['LocationPrecision'], ParentType, ContextType>;
};

export type LogInPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['LogInPayload'] = ResolversParentTypes['LogInPayload']> = {
  token?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
  viewer?: Resolver<Maybe<ResolversTypes['Viewer']>, ParentType, ContextType>;
};

export type LogOutPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['LogOutPayload'] = ResolversParentTypes['LogOutPayload']> = {
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type MarkActivityReadPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['MarkActivityReadPayload'] = ResolversParentTypes['MarkActivityReadPayload']> = {
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
  viewer?: Resolver<Maybe<ResolversTypes['Viewer']>, ParentType, ContextType>;
};

export type ModerationActResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ModerationAct'] = ResolversParentTypes['ModerationAct']> = {
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['ModerationActKind'], ParentType, ContextType>;
  moderator?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  photo?: Resolver<Maybe<ResolversTypes['Photo']>, ParentType, ContextType>;
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  why?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type ModerationActConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ModerationActConnection'] = ResolversParentTypes['ModerationActConnection']> = {
  edges?: Resolver<Array<ResolversTypes['ModerationActEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['ModerationAct']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type ModerationActEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ModerationActEdge'] = ResolversParentTypes['ModerationActEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['ModerationAct'], ParentType, ContextType>;
};

export type MutationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  addComment?: Resolver<ResolversTypes['AddCommentPayload'], ParentType, ContextType, RequireFields<MutationAddCommentArgs, 'input'>>;
  approveFollowRequest?: Resolver<ResolversTypes['ApproveFollowRequestPayload'], ParentType, ContextType, RequireFields<MutationApproveFollowRequestArgs, 'input'>>;
  block?: Resolver<ResolversTypes['BlockPayload'], ParentType, ContextType, RequireFields<MutationBlockArgs, 'input'>>;
  changePassword?: Resolver<ResolversTypes['ChangePasswordPayload'], ParentType, ContextType, RequireFields<MutationChangePasswordArgs, 'input'>>;
  changeUsername?: Resolver<ResolversTypes['ChangeUsernamePayload'], ParentType, ContextType, RequireFields<MutationChangeUsernameArgs, 'input'>>;
  createUpload?: Resolver<ResolversTypes['CreateUploadPayload'], ParentType, ContextType, RequireFields<MutationCreateUploadArgs, 'input'>>;
  deactivateAccount?: Resolver<ResolversTypes['DeactivateAccountPayload'], ParentType, ContextType, RequireFields<MutationDeactivateAccountArgs, 'input'>>;
  declineFollowRequest?: Resolver<ResolversTypes['DeclineFollowRequestPayload'], ParentType, ContextType, RequireFields<MutationDeclineFollowRequestArgs, 'input'>>;
  deleteAccount?: Resolver<ResolversTypes['DeleteAccountPayload'], ParentType, ContextType, RequireFields<MutationDeleteAccountArgs, 'input'>>;
  deleteComment?: Resolver<ResolversTypes['DeleteCommentPayload'], ParentType, ContextType, RequireFields<MutationDeleteCommentArgs, 'input'>>;
  deletePhoto?: Resolver<ResolversTypes['DeletePhotoPayload'], ParentType, ContextType, RequireFields<MutationDeletePhotoArgs, 'input'>>;
  dismissReports?: Resolver<ResolversTypes['DismissReportsPayload'], ParentType, ContextType, RequireFields<MutationDismissReportsArgs, 'input'>>;
  follow?: Resolver<ResolversTypes['FollowPayload'], ParentType, ContextType, RequireFields<MutationFollowArgs, 'input'>>;
  followHashtag?: Resolver<ResolversTypes['FollowHashtagPayload'], ParentType, ContextType, RequireFields<MutationFollowHashtagArgs, 'input'>>;
  hidePhoto?: Resolver<ResolversTypes['HidePhotoPayload'], ParentType, ContextType, RequireFields<MutationHidePhotoArgs, 'input'>>;
  likePhoto?: Resolver<ResolversTypes['LikePhotoPayload'], ParentType, ContextType, RequireFields<MutationLikePhotoArgs, 'input'>>;
  logIn?: Resolver<ResolversTypes['LogInPayload'], ParentType, ContextType, RequireFields<MutationLogInArgs, 'input'>>;
  logOut?: Resolver<ResolversTypes['LogOutPayload'], ParentType, ContextType>;
  markActivityRead?: Resolver<ResolversTypes['MarkActivityReadPayload'], ParentType, ContextType, RequireFields<MutationMarkActivityReadArgs, 'input'>>;
  mute?: Resolver<ResolversTypes['MutePayload'], ParentType, ContextType, RequireFields<MutationMuteArgs, 'input'>>;
  publishPhoto?: Resolver<ResolversTypes['PublishPhotoPayload'], ParentType, ContextType, RequireFields<MutationPublishPhotoArgs, 'input'>>;
  removeAvatar?: Resolver<ResolversTypes['RemoveAvatarPayload'], ParentType, ContextType>;
  removeComment?: Resolver<ResolversTypes['RemoveCommentPayload'], ParentType, ContextType, RequireFields<MutationRemoveCommentArgs, 'input'>>;
  removeFollower?: Resolver<ResolversTypes['RemoveFollowerPayload'], ParentType, ContextType, RequireFields<MutationRemoveFollowerArgs, 'input'>>;
  report?: Resolver<ResolversTypes['ReportPayload'], ParentType, ContextType, RequireFields<MutationReportArgs, 'input'>>;
  requestDataExport?: Resolver<ResolversTypes['RequestDataExportPayload'], ParentType, ContextType, RequireFields<MutationRequestDataExportArgs, 'input'>>;
  requestEmailVerification?: Resolver<ResolversTypes['RequestEmailVerificationPayload'], ParentType, ContextType>;
  requestPasswordReset?: Resolver<ResolversTypes['RequestPasswordResetPayload'], ParentType, ContextType, RequireFields<MutationRequestPasswordResetArgs, 'input'>>;
  resetPassword?: Resolver<ResolversTypes['ResetPasswordPayload'], ParentType, ContextType, RequireFields<MutationResetPasswordArgs, 'input'>>;
  restorePhoto?: Resolver<ResolversTypes['RestorePhotoPayload'], ParentType, ContextType, RequireFields<MutationRestorePhotoArgs, 'input'>>;
  restoreUser?: Resolver<ResolversTypes['RestoreUserPayload'], ParentType, ContextType, RequireFields<MutationRestoreUserArgs, 'input'>>;
  revokeSession?: Resolver<ResolversTypes['RevokeSessionPayload'], ParentType, ContextType, RequireFields<MutationRevokeSessionArgs, 'input'>>;
  setAvatar?: Resolver<ResolversTypes['SetAvatarPayload'], ParentType, ContextType, RequireFields<MutationSetAvatarArgs, 'input'>>;
  setPrivacy?: Resolver<ResolversTypes['SetPrivacyPayload'], ParentType, ContextType, RequireFields<MutationSetPrivacyArgs, 'input'>>;
  signUp?: Resolver<ResolversTypes['SignUpPayload'], ParentType, ContextType, RequireFields<MutationSignUpArgs, 'input'>>;
  suspendUser?: Resolver<ResolversTypes['SuspendUserPayload'], ParentType, ContextType, RequireFields<MutationSuspendUserArgs, 'input'>>;
  unblock?: Resolver<ResolversTypes['UnblockPayload'], ParentType, ContextType, RequireFields<MutationUnblockArgs, 'input'>>;
  unfollow?: Resolver<ResolversTypes['UnfollowPayload'], ParentType, ContextType, RequireFields<MutationUnfollowArgs, 'input'>>;
  unfollowHashtag?: Resolver<ResolversTypes['UnfollowHashtagPayload'], ParentType, ContextType, RequireFields<MutationUnfollowHashtagArgs, 'input'>>;
  unlikePhoto?: Resolver<ResolversTypes['UnlikePhotoPayload'], ParentType, ContextType, RequireFields<MutationUnlikePhotoArgs, 'input'>>;
  unmute?: Resolver<ResolversTypes['UnmutePayload'], ParentType, ContextType, RequireFields<MutationUnmuteArgs, 'input'>>;
  updatePhoto?: Resolver<ResolversTypes['UpdatePhotoPayload'], ParentType, ContextType, RequireFields<MutationUpdatePhotoArgs, 'input'>>;
  updateProfile?: Resolver<ResolversTypes['UpdateProfilePayload'], ParentType, ContextType, RequireFields<MutationUpdateProfileArgs, 'input'>>;
  verifyEmail?: Resolver<ResolversTypes['VerifyEmailPayload'], ParentType, ContextType, RequireFields<MutationVerifyEmailArgs, 'input'>>;
  withdrawFollowRequest?: Resolver<ResolversTypes['WithdrawFollowRequestPayload'], ParentType, ContextType, RequireFields<MutationWithdrawFollowRequestArgs, 'input'>>;
};

export type MutePayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['MutePayload'] = ResolversParentTypes['MutePayload']> = {
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type NearbyPhotoConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['NearbyPhotoConnection'] = ResolversParentTypes['NearbyPhotoConnection']> = {
  edges?: Resolver<Array<ResolversTypes['NearbyPhotoEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['Photo']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type NearbyPhotoEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['NearbyPhotoEdge'] = ResolversParentTypes['NearbyPhotoEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  distanceMeters?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Photo'], ParentType, ContextType>;
};

export type NearbyPhotoEventResolvers<ContextType = Context, ParentType extends ResolversParentTypes['NearbyPhotoEvent'] = ResolversParentTypes['NearbyPhotoEvent']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  distanceMeters?: Resolver<Maybe<ResolversTypes['Float']>, ParentType, ContextType>;
  isGap?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  photo?: Resolver<Maybe<ResolversTypes['Photo']>, ParentType, ContextType>;
};

export type NearbyPlaceResolvers<ContextType = Context, ParentType extends ResolversParentTypes['NearbyPlace'] = ResolversParentTypes['NearbyPlace']> = {
  distanceMeters?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  place?: Resolver<ResolversTypes['Place'], ParentType, ContextType>;
};

export type NodeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Node'] = ResolversParentTypes['Node']> = {
  __resolveType: TypeResolveFn<'Comment' | 'Photo' | 'Place' | 'Report' | 'Session' | 'Upload' | 'User', ParentType, ContextType>;
};

export type PageInfoResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export type PhotoResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Photo'] = ResolversParentTypes['Photo']> = {
  caption?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  commentCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  comments?: Resolver<ResolversTypes['CommentConnection'], ParentType, ContextType, RequireFields<PhotoCommentsArgs, 'first'>>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  failure?: Resolver<Maybe<ResolversTypes['PhotoFailure']>, ParentType, ContextType>;
  hashtags?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  height?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  image?: Resolver<Maybe<ResolversTypes['Image']>, ParentType, ContextType, RequireFields<PhotoImageArgs, 'size'>>;
  isHidden?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  likeCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  likers?: Resolver<ResolversTypes['UserConnection'], ParentType, ContextType, RequireFields<PhotoLikersArgs, 'first'>>;
  location?: Resolver<Maybe<ResolversTypes['Location']>, ParentType, ContextType>;
  owner?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
  publishedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['PhotoStatus'], ParentType, ContextType>;
  thumbhash?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  viewerHasLiked?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  width?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type PhotoConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PhotoConnection'] = ResolversParentTypes['PhotoConnection']> = {
  edges?: Resolver<Array<ResolversTypes['PhotoEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['Photo']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type PhotoEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PhotoEdge'] = ResolversParentTypes['PhotoEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Photo'], ParentType, ContextType>;
};

export type PhotoEventResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PhotoEvent'] = ResolversParentTypes['PhotoEvent']> = {
  comment?: Resolver<Maybe<ResolversTypes['Comment']>, ParentType, ContextType>;
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  isGap?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  photo?: Resolver<Maybe<ResolversTypes['Photo']>, ParentType, ContextType>;
};

export type PhotoFailureResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PhotoFailure'] = ResolversParentTypes['PhotoFailure']> = {
  code?: Resolver<ResolversTypes['PhotoFailureCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type PlaceResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Place'] = ResolversParentTypes['Place']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  latitude?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  longitude?: Resolver<ResolversTypes['Float'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  photos?: Resolver<ResolversTypes['PhotoConnection'], ParentType, ContextType, RequireFields<PlacePhotosArgs, 'first'>>;
  precision?: Resolver<ResolversTypes['LocationPrecision'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type PublishPhotoPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PublishPhotoPayload'] = ResolversParentTypes['PublishPhotoPayload']> = {
  photo?: Resolver<Maybe<ResolversTypes['Photo']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type QueryResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  activity?: Resolver<ResolversTypes['ActivityConnection'], ParentType, ContextType, RequireFields<QueryActivityArgs, 'first'>>;
  hashtag?: Resolver<ResolversTypes['Hashtag'], ParentType, ContextType, RequireFields<QueryHashtagArgs, 'name'>>;
  homeFeed?: Resolver<ResolversTypes['PhotoConnection'], ParentType, ContextType, RequireFields<QueryHomeFeedArgs, 'first'>>;
  me?: Resolver<Maybe<ResolversTypes['Viewer']>, ParentType, ContextType>;
  moderationLog?: Resolver<ResolversTypes['ModerationActConnection'], ParentType, ContextType, RequireFields<QueryModerationLogArgs, 'first'>>;
  moderationQueue?: Resolver<ResolversTypes['ReportConnection'], ParentType, ContextType, RequireFields<QueryModerationQueueArgs, 'first'>>;
  node?: Resolver<Maybe<ResolversTypes['Node']>, ParentType, ContextType, RequireFields<QueryNodeArgs, 'id'>>;
  nodes?: Resolver<Array<Maybe<ResolversTypes['Node']>>, ParentType, ContextType, RequireFields<QueryNodesArgs, 'ids'>>;
  photosInBox?: Resolver<ResolversTypes['PhotoConnection'], ParentType, ContextType, RequireFields<QueryPhotosInBoxArgs, 'east' | 'first' | 'north' | 'south' | 'west'>>;
  photosNear?: Resolver<ResolversTypes['NearbyPhotoConnection'], ParentType, ContextType, RequireFields<QueryPhotosNearArgs, 'first' | 'latitude' | 'longitude' | 'radiusMeters'>>;
  placesNear?: Resolver<Array<ResolversTypes['NearbyPlace']>, ParentType, ContextType, RequireFields<QueryPlacesNearArgs, 'first' | 'latitude' | 'longitude'>>;
  popular?: Resolver<ResolversTypes['PhotoConnection'], ParentType, ContextType, RequireFields<QueryPopularArgs, 'first'>>;
  search?: Resolver<Array<ResolversTypes['SearchResult']>, ParentType, ContextType, RequireFields<QuerySearchArgs, 'first' | 'text'>>;
  searchHashtags?: Resolver<Array<ResolversTypes['Hashtag']>, ParentType, ContextType, RequireFields<QuerySearchHashtagsArgs, 'first' | 'text'>>;
  searchPeople?: Resolver<Array<ResolversTypes['User']>, ParentType, ContextType, RequireFields<QuerySearchPeopleArgs, 'first' | 'text'>>;
  searchPlaces?: Resolver<Array<ResolversTypes['Place']>, ParentType, ContextType, RequireFields<QuerySearchPlacesArgs, 'first' | 'text'>>;
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType, RequireFields<QueryUserArgs, 'username'>>;
};

export type RemoveAvatarPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RemoveAvatarPayload'] = ResolversParentTypes['RemoveAvatarPayload']> = {
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type RemoveCommentPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RemoveCommentPayload'] = ResolversParentTypes['RemoveCommentPayload']> = {
  removedCommentId?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type RemoveFollowerPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RemoveFollowerPayload'] = ResolversParentTypes['RemoveFollowerPayload']> = {
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type ReportResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Report'] = ResolversParentTypes['Report']> = {
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  details?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  reason?: Resolver<ResolversTypes['ReportReason'], ParentType, ContextType>;
  reporter?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  subject?: Resolver<Maybe<ResolversTypes['ReportSubject']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ReportConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ReportConnection'] = ResolversParentTypes['ReportConnection']> = {
  edges?: Resolver<Array<ResolversTypes['ReportEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['Report']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type ReportEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ReportEdge'] = ResolversParentTypes['ReportEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Report'], ParentType, ContextType>;
};

export type ReportPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ReportPayload'] = ResolversParentTypes['ReportPayload']> = {
  reported?: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type ReportSubjectResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ReportSubject'] = ResolversParentTypes['ReportSubject']> = {
  __resolveType: TypeResolveFn<'Comment' | 'Photo' | 'User', ParentType, ContextType>;
};

export type RequestDataExportPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RequestDataExportPayload'] = ResolversParentTypes['RequestDataExportPayload']> = {
  dataExport?: Resolver<Maybe<ResolversTypes['DataExport']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type RequestEmailVerificationPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RequestEmailVerificationPayload'] = ResolversParentTypes['RequestEmailVerificationPayload']> = {
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
  viewer?: Resolver<Maybe<ResolversTypes['Viewer']>, ParentType, ContextType>;
};

export type RequestPasswordResetPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RequestPasswordResetPayload'] = ResolversParentTypes['RequestPasswordResetPayload']> = {
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type ResetPasswordPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ResetPasswordPayload'] = ResolversParentTypes['ResetPasswordPayload']> = {
  changed?: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type RestorePhotoPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RestorePhotoPayload'] = ResolversParentTypes['RestorePhotoPayload']> = {
  photo?: Resolver<Maybe<ResolversTypes['Photo']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type RestoreUserPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RestoreUserPayload'] = ResolversParentTypes['RestoreUserPayload']> = {
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type RevokeSessionPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RevokeSessionPayload'] = ResolversParentTypes['RevokeSessionPayload']> = {
  revokedSessionId?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type SearchResultResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SearchResult'] = ResolversParentTypes['SearchResult']> = {
  __resolveType: TypeResolveFn<'Hashtag' | 'Place' | 'User', ParentType, ContextType>;
};

export type SessionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Session'] = ResolversParentTypes['Session']> = {
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  device?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  expiresAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  isCurrent?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  lastUsedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SessionConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SessionConnection'] = ResolversParentTypes['SessionConnection']> = {
  edges?: Resolver<Array<ResolversTypes['SessionEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['Session']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type SessionEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SessionEdge'] = ResolversParentTypes['SessionEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Session'], ParentType, ContextType>;
};

export type SetAvatarPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SetAvatarPayload'] = ResolversParentTypes['SetAvatarPayload']> = {
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
  viewer?: Resolver<Maybe<ResolversTypes['Viewer']>, ParentType, ContextType>;
};

export type SetPrivacyPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SetPrivacyPayload'] = ResolversParentTypes['SetPrivacyPayload']> = {
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type SignUpPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SignUpPayload'] = ResolversParentTypes['SignUpPayload']> = {
  token?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
  viewer?: Resolver<Maybe<ResolversTypes['Viewer']>, ParentType, ContextType>;
};

export type SubscriptionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  activity?: SubscriptionResolver<ResolversTypes['ActivityEvent'], "activity", ParentType, ContextType, Partial<SubscriptionActivityArgs>>;
  hashtagPhotos?: SubscriptionResolver<ResolversTypes['HashtagPhotosEvent'], "hashtagPhotos", ParentType, ContextType, RequireFields<SubscriptionHashtagPhotosArgs, 'name'>>;
  homeFeed?: SubscriptionResolver<ResolversTypes['HomeFeedEvent'], "homeFeed", ParentType, ContextType, Partial<SubscriptionHomeFeedArgs>>;
  photo?: SubscriptionResolver<ResolversTypes['PhotoEvent'], "photo", ParentType, ContextType, RequireFields<SubscriptionPhotoArgs, 'id'>>;
  photosNear?: SubscriptionResolver<ResolversTypes['NearbyPhotoEvent'], "photosNear", ParentType, ContextType, RequireFields<SubscriptionPhotosNearArgs, 'latitude' | 'longitude' | 'radiusMeters'>>;
  userPhotos?: SubscriptionResolver<ResolversTypes['UserPhotosEvent'], "userPhotos", ParentType, ContextType, RequireFields<SubscriptionUserPhotosArgs, 'userId'>>;
};

export type SuspendUserPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SuspendUserPayload'] = ResolversParentTypes['SuspendUserPayload']> = {
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type UnblockPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UnblockPayload'] = ResolversParentTypes['UnblockPayload']> = {
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type UnfollowHashtagPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UnfollowHashtagPayload'] = ResolversParentTypes['UnfollowHashtagPayload']> = {
  hashtag?: Resolver<Maybe<ResolversTypes['Hashtag']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type UnfollowPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UnfollowPayload'] = ResolversParentTypes['UnfollowPayload']> = {
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type UnlikePhotoPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UnlikePhotoPayload'] = ResolversParentTypes['UnlikePhotoPayload']> = {
  photo?: Resolver<Maybe<ResolversTypes['Photo']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type UnmutePayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UnmutePayload'] = ResolversParentTypes['UnmutePayload']> = {
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type UpdatePhotoPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UpdatePhotoPayload'] = ResolversParentTypes['UpdatePhotoPayload']> = {
  photo?: Resolver<Maybe<ResolversTypes['Photo']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type UpdateProfilePayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UpdateProfilePayload'] = ResolversParentTypes['UpdateProfilePayload']> = {
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type UploadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Upload'] = ResolversParentTypes['Upload']> = {
  expiresAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  headers?: Resolver<Array<ResolversTypes['HttpHeader']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  suggestedLocation?: Resolver<Maybe<ResolversTypes['Coordinates']>, ParentType, ContextType>;
  url?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type UserResolvers<ContextType = Context, ParentType extends ResolversParentTypes['User'] = ResolversParentTypes['User']> = {
  avatar?: Resolver<Maybe<ResolversTypes['Image']>, ParentType, ContextType>;
  bio?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  displayName?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  followerCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  followers?: Resolver<ResolversTypes['UserConnection'], ParentType, ContextType, RequireFields<UserFollowersArgs, 'first'>>;
  following?: Resolver<ResolversTypes['UserConnection'], ParentType, ContextType, RequireFields<UserFollowingArgs, 'first'>>;
  followingCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  followsViewer?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  isBlockedByViewer?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  isMutedByViewer?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  isPrivate?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  photoCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  photos?: Resolver<ResolversTypes['PhotoConnection'], ParentType, ContextType, RequireFields<UserPhotosArgs, 'first'>>;
  requestedViewer?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  username?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  viewerFollows?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  viewerRequested?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type UserConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UserConnection'] = ResolversParentTypes['UserConnection']> = {
  edges?: Resolver<Array<ResolversTypes['UserEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['User']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type UserEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UserEdge'] = ResolversParentTypes['UserEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
};

export type UserErrorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UserError'] = ResolversParentTypes['UserError']> = {
  code?: Resolver<ResolversTypes['UserErrorCode'], ParentType, ContextType>;
  field?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type UserPhotosEventResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UserPhotosEvent'] = ResolversParentTypes['UserPhotosEvent']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  isGap?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  photo?: Resolver<Maybe<ResolversTypes['Photo']>, ParentType, ContextType>;
};

export type VerifyEmailPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['VerifyEmailPayload'] = ResolversParentTypes['VerifyEmailPayload']> = {
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
  verified?: Resolver<Maybe<ResolversTypes['Boolean']>, ParentType, ContextType>;
};

export type ViewerResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Viewer'] = ResolversParentTypes['Viewer']> = {
  avatarFailure?: Resolver<Maybe<ResolversTypes['PhotoFailure']>, ParentType, ContextType>;
  avatarStatus?: Resolver<Maybe<ResolversTypes['PhotoStatus']>, ParentType, ContextType>;
  blockedUsers?: Resolver<ResolversTypes['UserConnection'], ParentType, ContextType, RequireFields<ViewerBlockedUsersArgs, 'first'>>;
  dataExport?: Resolver<Maybe<ResolversTypes['DataExport']>, ParentType, ContextType>;
  email?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  emailIsVerified?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  followRequests?: Resolver<ResolversTypes['UserConnection'], ParentType, ContextType, RequireFields<ViewerFollowRequestsArgs, 'first'>>;
  followedHashtags?: Resolver<ResolversTypes['HashtagConnection'], ParentType, ContextType, RequireFields<ViewerFollowedHashtagsArgs, 'first'>>;
  isModerator?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  mutedUsers?: Resolver<ResolversTypes['UserConnection'], ParentType, ContextType, RequireFields<ViewerMutedUsersArgs, 'first'>>;
  sentFollowRequests?: Resolver<ResolversTypes['UserConnection'], ParentType, ContextType, RequireFields<ViewerSentFollowRequestsArgs, 'first'>>;
  sessions?: Resolver<ResolversTypes['SessionConnection'], ParentType, ContextType, RequireFields<ViewerSessionsArgs, 'first'>>;
  unreadActivityCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  user?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
};

export type WithdrawFollowRequestPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['WithdrawFollowRequestPayload'] = ResolversParentTypes['WithdrawFollowRequestPayload']> = {
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type Resolvers<ContextType = Context> = {
  Activity?: ActivityResolvers<ContextType>;
  ActivityConnection?: ActivityConnectionResolvers<ContextType>;
  ActivityEdge?: ActivityEdgeResolvers<ContextType>;
  ActivityEvent?: ActivityEventResolvers<ContextType>;
  AddCommentPayload?: AddCommentPayloadResolvers<ContextType>;
  ApproveFollowRequestPayload?: ApproveFollowRequestPayloadResolvers<ContextType>;
  BlockPayload?: BlockPayloadResolvers<ContextType>;
  ChangePasswordPayload?: ChangePasswordPayloadResolvers<ContextType>;
  ChangeUsernamePayload?: ChangeUsernamePayloadResolvers<ContextType>;
  Comment?: CommentResolvers<ContextType>;
  CommentConnection?: CommentConnectionResolvers<ContextType>;
  CommentEdge?: CommentEdgeResolvers<ContextType>;
  Coordinates?: CoordinatesResolvers<ContextType>;
  CreateUploadPayload?: CreateUploadPayloadResolvers<ContextType>;
  DataExport?: DataExportResolvers<ContextType>;
  DateTime?: GraphQLScalarType;
  DeactivateAccountPayload?: DeactivateAccountPayloadResolvers<ContextType>;
  DeclineFollowRequestPayload?: DeclineFollowRequestPayloadResolvers<ContextType>;
  DeleteAccountPayload?: DeleteAccountPayloadResolvers<ContextType>;
  DeleteCommentPayload?: DeleteCommentPayloadResolvers<ContextType>;
  DeletePhotoPayload?: DeletePhotoPayloadResolvers<ContextType>;
  DismissReportsPayload?: DismissReportsPayloadResolvers<ContextType>;
  FollowHashtagPayload?: FollowHashtagPayloadResolvers<ContextType>;
  FollowPayload?: FollowPayloadResolvers<ContextType>;
  Hashtag?: HashtagResolvers<ContextType>;
  HashtagConnection?: HashtagConnectionResolvers<ContextType>;
  HashtagEdge?: HashtagEdgeResolvers<ContextType>;
  HashtagPhotosEvent?: HashtagPhotosEventResolvers<ContextType>;
  HidePhotoPayload?: HidePhotoPayloadResolvers<ContextType>;
  HomeFeedEvent?: HomeFeedEventResolvers<ContextType>;
  HttpHeader?: HttpHeaderResolvers<ContextType>;
  Image?: ImageResolvers<ContextType>;
  LikePhotoPayload?: LikePhotoPayloadResolvers<ContextType>;
  Location?: LocationResolvers<ContextType>;
  LogInPayload?: LogInPayloadResolvers<ContextType>;
  LogOutPayload?: LogOutPayloadResolvers<ContextType>;
  MarkActivityReadPayload?: MarkActivityReadPayloadResolvers<ContextType>;
  ModerationAct?: ModerationActResolvers<ContextType>;
  ModerationActConnection?: ModerationActConnectionResolvers<ContextType>;
  ModerationActEdge?: ModerationActEdgeResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  MutePayload?: MutePayloadResolvers<ContextType>;
  NearbyPhotoConnection?: NearbyPhotoConnectionResolvers<ContextType>;
  NearbyPhotoEdge?: NearbyPhotoEdgeResolvers<ContextType>;
  NearbyPhotoEvent?: NearbyPhotoEventResolvers<ContextType>;
  NearbyPlace?: NearbyPlaceResolvers<ContextType>;
  Node?: NodeResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  Photo?: PhotoResolvers<ContextType>;
  PhotoConnection?: PhotoConnectionResolvers<ContextType>;
  PhotoEdge?: PhotoEdgeResolvers<ContextType>;
  PhotoEvent?: PhotoEventResolvers<ContextType>;
  PhotoFailure?: PhotoFailureResolvers<ContextType>;
  Place?: PlaceResolvers<ContextType>;
  PublishPhotoPayload?: PublishPhotoPayloadResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  RemoveAvatarPayload?: RemoveAvatarPayloadResolvers<ContextType>;
  RemoveCommentPayload?: RemoveCommentPayloadResolvers<ContextType>;
  RemoveFollowerPayload?: RemoveFollowerPayloadResolvers<ContextType>;
  Report?: ReportResolvers<ContextType>;
  ReportConnection?: ReportConnectionResolvers<ContextType>;
  ReportEdge?: ReportEdgeResolvers<ContextType>;
  ReportPayload?: ReportPayloadResolvers<ContextType>;
  ReportSubject?: ReportSubjectResolvers<ContextType>;
  RequestDataExportPayload?: RequestDataExportPayloadResolvers<ContextType>;
  RequestEmailVerificationPayload?: RequestEmailVerificationPayloadResolvers<ContextType>;
  RequestPasswordResetPayload?: RequestPasswordResetPayloadResolvers<ContextType>;
  ResetPasswordPayload?: ResetPasswordPayloadResolvers<ContextType>;
  RestorePhotoPayload?: RestorePhotoPayloadResolvers<ContextType>;
  RestoreUserPayload?: RestoreUserPayloadResolvers<ContextType>;
  RevokeSessionPayload?: RevokeSessionPayloadResolvers<ContextType>;
  SearchResult?: SearchResultResolvers<ContextType>;
  Session?: SessionResolvers<ContextType>;
  SessionConnection?: SessionConnectionResolvers<ContextType>;
  SessionEdge?: SessionEdgeResolvers<ContextType>;
  SetAvatarPayload?: SetAvatarPayloadResolvers<ContextType>;
  SetPrivacyPayload?: SetPrivacyPayloadResolvers<ContextType>;
  SignUpPayload?: SignUpPayloadResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
  SuspendUserPayload?: SuspendUserPayloadResolvers<ContextType>;
  UnblockPayload?: UnblockPayloadResolvers<ContextType>;
  UnfollowHashtagPayload?: UnfollowHashtagPayloadResolvers<ContextType>;
  UnfollowPayload?: UnfollowPayloadResolvers<ContextType>;
  UnlikePhotoPayload?: UnlikePhotoPayloadResolvers<ContextType>;
  UnmutePayload?: UnmutePayloadResolvers<ContextType>;
  UpdatePhotoPayload?: UpdatePhotoPayloadResolvers<ContextType>;
  UpdateProfilePayload?: UpdateProfilePayloadResolvers<ContextType>;
  Upload?: UploadResolvers<ContextType>;
  User?: UserResolvers<ContextType>;
  UserConnection?: UserConnectionResolvers<ContextType>;
  UserEdge?: UserEdgeResolvers<ContextType>;
  UserError?: UserErrorResolvers<ContextType>;
  UserPhotosEvent?: UserPhotosEventResolvers<ContextType>;
  VerifyEmailPayload?: VerifyEmailPayloadResolvers<ContextType>;
  Viewer?: ViewerResolvers<ContextType>;
  WithdrawFollowRequestPayload?: WithdrawFollowRequestPayloadResolvers<ContextType>;
};

