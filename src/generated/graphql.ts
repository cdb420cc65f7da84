import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { UserRow } from '../features/accounts/users.ts';
import type { SessionRow } from '../features/accounts/sessions.ts';
import type { PhotoRow } from '../features/photos/rows.ts';
import type { CommentRow } from '../features/photos/comments.ts';
import type { UploadRow } from '../features/photos/uploads.ts';
import type { PublishedPhoto } from '../features/feed/home-feed.ts';
import type { Context } from '../features/context.ts';
export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
export type Omit<T, K extends keyof T> = Pick<T, Exclude<keyof T, K>>;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** A moment in time, as ISO 8601 in UTC with milliseconds: `2026-05-01T12:00:00.000Z`. */
  DateTime: { input: Date; output: Date; }
};

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

/** A photo that has arrived in the viewer's home feed. */
export type HomeFeedEvent = {
  __typename?: 'HomeFeedEvent';
  /** The photo's place in `Query.homeFeed`. */
  cursor: Scalars['String']['output'];
  /** The photo. */
  photo: Photo;
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
  /** Its height in pixels. */
  height: Scalars['Int']['output'];
  /** Where the JPEG is. */
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

/** What can be changed. */
export type Mutation = {
  __typename?: 'Mutation';
  /** Write about a photo. */
  addComment: AddCommentPayload;
  /** Change the password. Every other session of the account ends. */
  changePassword: ChangePasswordPayload;
  /** Ask for a place to send a photo's file to. JPEG, PNG, WebP and AVIF are accepted. */
  createUpload: CreateUploadPayload;
  /** Delete a comment: its author may, and the photo's owner. */
  deleteComment: DeleteCommentPayload;
  /** Delete one's own photo with its likes, comments and files, for good. */
  deletePhoto: DeletePhotoPayload;
  /** Follow a person: their photos come to the viewer's home feed, from the next read on. Following twice changes nothing. */
  follow: FollowPayload;
  /** Like a photo. Liking twice changes nothing. */
  likePhoto: LikePhotoPayload;
  /** Log in. After too many failures for an account or from an address it answers RATE_LIMITED with `retryAfter` for a while. */
  logIn: LogInPayload;
  /** End the session that this request came with. Its subscriptions are closed. */
  logOut: LogOutPayload;
  /** Share a photo whose file was sent to its upload. It is PROCESSING at first; `photoChanged` tells when it is READY. */
  publishPhoto: PublishPhotoPayload;
  /** End one of the viewer's sessions, here or elsewhere. Its subscriptions are closed. */
  revokeSession: RevokeSessionPayload;
  /** Make an account and log in to it. */
  signUp: SignUpPayload;
  /** Follow a person no more: their photos leave the viewer's home feed with the next read. */
  unfollow: UnfollowPayload;
  /** Take a like back. Without a like it changes nothing. */
  unlikePhoto: UnlikePhotoPayload;
  /** Change the caption of one's own photo. */
  updatePhoto: UpdatePhotoPayload;
  /** Change what others see of the viewer. What is left out stays as it is. */
  updateProfile: UpdateProfilePayload;
};


/** What can be changed. */
export type MutationAddCommentArgs = {
  input: AddCommentInput;
};


/** What can be changed. */
export type MutationChangePasswordArgs = {
  input: ChangePasswordInput;
};


/** What can be changed. */
export type MutationCreateUploadArgs = {
  input: CreateUploadInput;
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
export type MutationFollowArgs = {
  input: FollowInput;
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
export type MutationPublishPhotoArgs = {
  input: PublishPhotoInput;
};


/** What can be changed. */
export type MutationRevokeSessionArgs = {
  input: RevokeSessionInput;
};


/** What can be changed. */
export type MutationSignUpArgs = {
  input: SignUpInput;
};


/** What can be changed. */
export type MutationUnfollowArgs = {
  input: UnfollowInput;
};


/** What can be changed. */
export type MutationUnlikePhotoArgs = {
  input: UnlikePhotoInput;
};


/** What can be changed. */
export type MutationUpdatePhotoArgs = {
  input: UpdatePhotoInput;
};


/** What can be changed. */
export type MutationUpdateProfileArgs = {
  input: UpdateProfileInput;
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
  /** The height in pixels of the upright photo as it was sent; null until READY. */
  height?: Maybe<Scalars['Int']['output']>;
  /** The opaque id. */
  id: Scalars['ID']['output'];
  /** The photo as a JPEG of this size; null until READY. */
  image?: Maybe<Image>;
  /** How many people like it. In lists it may lag by half a second. */
  likeCount: Scalars['Int']['output'];
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

/** A photo has changed. */
export type PhotoChangedEvent = {
  __typename?: 'PhotoChangedEvent';
  /** The photo as it is now; null when it has been deleted or may not be seen any more, and then no more events come. */
  photo?: Maybe<Photo>;
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
  /** The file is damaged or ends too early. */
  | 'CORRUPT'
  /** The image has more pixels than are allowed. */
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

/** What to share. */
export type PublishPhotoInput = {
  /** At most 2,200 characters. */
  caption?: InputMaybe<Scalars['String']['input']>;
  /** Up to 100 characters of the client's choosing: a retry with the same key gets the first answer, not a second photo. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
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
  /** The photos of the people whom the viewer follows, newest first, back to the very first one. Needs a session. */
  homeFeed: PhotoConnection;
  /** The person who is logged in; null without a session. */
  me?: Maybe<Viewer>;
  /** The thing with this id; null when it does not exist or the viewer may not see it. */
  node?: Maybe<Node>;
  /** The things with these ids, in the same order, with null for each that does not exist or may not be seen. */
  nodes: Array<Maybe<Node>>;
  /** The person with this username, whatever its capitals; null when there is none. */
  user?: Maybe<User>;
};


/** What can be read. */
export type QueryHomeFeedArgs = {
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
export type QueryUserArgs = {
  username: Scalars['String']['input'];
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
  /** Each new photo of the people whom the viewer follows, as it arrives in their home feed. Needs a session, and ends with it. */
  homeFeed: HomeFeedEvent;
  /**
   * One photo as it changes: its status, caption and counts. The first event tells how it is now. It completes when the
   * photo is deleted.
   */
  photoChanged: PhotoChangedEvent;
};


/** What is told as it happens, over WebSocket. */
export type SubscriptionPhotoChangedArgs = {
  photoId: Scalars['ID']['input'];
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

/** What to change in a photo. */
export type UpdatePhotoInput = {
  /** At most 2,200 characters. */
  caption: Scalars['String']['input'];
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
   * Where to send the file: one HTTP PUT with exactly the `headers` given and the file as its body. The store refuses
   * a file of another type, length or content than was declared.
   */
  url: Scalars['String']['output'];
};

/** A person with an account, as others see them. */
export type User = Node & {
  __typename?: 'User';
  /** What the person says of themselves; empty when nothing. */
  bio: Scalars['String']['output'];
  /** When the account was made. */
  createdAt: Scalars['DateTime']['output'];
  /** The name to show, as the person wrote it. */
  displayName: Scalars['String']['output'];
  /** Whether this person follows the viewer; false without a session. */
  followsViewer: Scalars['Boolean']['output'];
  /** The opaque id. */
  id: Scalars['ID']['output'];
  /** The unique name: 3 to 30 of a to z, 0 to 9, dot and underscore. */
  username: Scalars['String']['output'];
  /** Whether the viewer follows this person; false without a session. */
  viewerFollows: Scalars['Boolean']['output'];
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
  /** You may not do this to yourself. */
  | 'SELF'
  /** Somebody else has this value already. */
  | 'TAKEN'
  /** The file is larger than is allowed. */
  | 'TOO_LARGE'
  /** The text has more characters than are allowed. */
  | 'TOO_LONG'
  /** The text has fewer characters than are needed. */
  | 'TOO_SHORT'
  /** Files of this type are not accepted. */
  | 'UNSUPPORTED_TYPE'
  /** The user or the password is wrong: which of them is not told. */
  | 'WRONG_CREDENTIALS';

/** The person who is logged in, with what only they may see. */
export type Viewer = {
  __typename?: 'Viewer';
  /** The address for log-in and mail. */
  email: Scalars['String']['output'];
  /** Where this account is logged in, newest first. */
  sessions: SessionConnection;
  /** The person as others see them. */
  user: User;
};


/** The person who is logged in, with what only they may see. */
export type ViewerSessionsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
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




/** Mapping of interface types */
export type ResolversInterfaceTypes<_RefType extends Record<string, unknown>> = {
  Node:
    | ( CommentRow & { __typename: 'Comment' } )
    | ( PhotoRow & { __typename: 'Photo' } )
    | ( SessionRow & { __typename: 'Session' } )
    | ( UploadRow & { __typename: 'Upload' } )
    | ( UserRow & { __typename: 'User' } )
  ;
};

/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  AddCommentInput: AddCommentInput;
  AddCommentPayload: ResolverTypeWrapper<Omit<AddCommentPayload, 'comment'> & { comment?: Maybe<ResolversTypes['Comment']> }>;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  ChangePasswordInput: ChangePasswordInput;
  ChangePasswordPayload: ResolverTypeWrapper<Omit<ChangePasswordPayload, 'viewer'> & { viewer?: Maybe<ResolversTypes['Viewer']> }>;
  Comment: ResolverTypeWrapper<CommentRow>;
  CommentConnection: ResolverTypeWrapper<Omit<CommentConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['CommentEdge']>, nodes: Array<ResolversTypes['Comment']> }>;
  CommentEdge: ResolverTypeWrapper<Omit<CommentEdge, 'node'> & { node: ResolversTypes['Comment'] }>;
  CreateUploadInput: CreateUploadInput;
  CreateUploadPayload: ResolverTypeWrapper<Omit<CreateUploadPayload, 'upload'> & { upload?: Maybe<ResolversTypes['Upload']> }>;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  DeleteCommentInput: DeleteCommentInput;
  DeleteCommentPayload: ResolverTypeWrapper<Omit<DeleteCommentPayload, 'photo'> & { photo?: Maybe<ResolversTypes['Photo']> }>;
  DeletePhotoInput: DeletePhotoInput;
  DeletePhotoPayload: ResolverTypeWrapper<DeletePhotoPayload>;
  FollowInput: FollowInput;
  FollowPayload: ResolverTypeWrapper<Omit<FollowPayload, 'user'> & { user?: Maybe<ResolversTypes['User']> }>;
  HomeFeedEvent: ResolverTypeWrapper<PublishedPhoto>;
  HttpHeader: ResolverTypeWrapper<HttpHeader>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  Image: ResolverTypeWrapper<Image>;
  ImageSize: ImageSize;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  LikePhotoInput: LikePhotoInput;
  LikePhotoPayload: ResolverTypeWrapper<Omit<LikePhotoPayload, 'photo'> & { photo?: Maybe<ResolversTypes['Photo']> }>;
  LogInInput: LogInInput;
  LogInPayload: ResolverTypeWrapper<Omit<LogInPayload, 'viewer'> & { viewer?: Maybe<ResolversTypes['Viewer']> }>;
  LogOutPayload: ResolverTypeWrapper<LogOutPayload>;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Node: ResolverTypeWrapper<ResolversInterfaceTypes<ResolversTypes>['Node']>;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  Photo: ResolverTypeWrapper<PhotoRow>;
  PhotoChangedEvent: ResolverTypeWrapper<Omit<PhotoChangedEvent, 'photo'> & { photo?: Maybe<ResolversTypes['Photo']> }>;
  PhotoConnection: ResolverTypeWrapper<Omit<PhotoConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['PhotoEdge']>, nodes: Array<ResolversTypes['Photo']> }>;
  PhotoEdge: ResolverTypeWrapper<Omit<PhotoEdge, 'node'> & { node: ResolversTypes['Photo'] }>;
  PhotoFailure: ResolverTypeWrapper<PhotoFailureCode>;
  PhotoFailureCode: PhotoFailureCode;
  PhotoStatus: PhotoStatus;
  PublishPhotoInput: PublishPhotoInput;
  PublishPhotoPayload: ResolverTypeWrapper<Omit<PublishPhotoPayload, 'photo'> & { photo?: Maybe<ResolversTypes['Photo']> }>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  RevokeSessionInput: RevokeSessionInput;
  RevokeSessionPayload: ResolverTypeWrapper<RevokeSessionPayload>;
  Session: ResolverTypeWrapper<SessionRow>;
  SessionConnection: ResolverTypeWrapper<Omit<SessionConnection, 'edges' | 'nodes'> & { edges: Array<ResolversTypes['SessionEdge']>, nodes: Array<ResolversTypes['Session']> }>;
  SessionEdge: ResolverTypeWrapper<Omit<SessionEdge, 'node'> & { node: ResolversTypes['Session'] }>;
  SignUpInput: SignUpInput;
  SignUpPayload: ResolverTypeWrapper<Omit<SignUpPayload, 'viewer'> & { viewer?: Maybe<ResolversTypes['Viewer']> }>;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
  UnfollowInput: UnfollowInput;
  UnfollowPayload: ResolverTypeWrapper<Omit<UnfollowPayload, 'user'> & { user?: Maybe<ResolversTypes['User']> }>;
  UnlikePhotoInput: UnlikePhotoInput;
  UnlikePhotoPayload: ResolverTypeWrapper<Omit<UnlikePhotoPayload, 'photo'> & { photo?: Maybe<ResolversTypes['Photo']> }>;
  UpdatePhotoInput: UpdatePhotoInput;
  UpdatePhotoPayload: ResolverTypeWrapper<Omit<UpdatePhotoPayload, 'photo'> & { photo?: Maybe<ResolversTypes['Photo']> }>;
  UpdateProfileInput: UpdateProfileInput;
  UpdateProfilePayload: ResolverTypeWrapper<Omit<UpdateProfilePayload, 'user'> & { user?: Maybe<ResolversTypes['User']> }>;
  Upload: ResolverTypeWrapper<UploadRow>;
  User: ResolverTypeWrapper<UserRow>;
  UserError: ResolverTypeWrapper<UserError>;
  UserErrorCode: UserErrorCode;
  Viewer: ResolverTypeWrapper<SessionRow>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  AddCommentInput: AddCommentInput;
  AddCommentPayload: Omit<AddCommentPayload, 'comment'> & { comment?: Maybe<ResolversParentTypes['Comment']> };
  Boolean: Scalars['Boolean']['output'];
  ChangePasswordInput: ChangePasswordInput;
  ChangePasswordPayload: Omit<ChangePasswordPayload, 'viewer'> & { viewer?: Maybe<ResolversParentTypes['Viewer']> };
  Comment: CommentRow;
  CommentConnection: Omit<CommentConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['CommentEdge']>, nodes: Array<ResolversParentTypes['Comment']> };
  CommentEdge: Omit<CommentEdge, 'node'> & { node: ResolversParentTypes['Comment'] };
  CreateUploadInput: CreateUploadInput;
  CreateUploadPayload: Omit<CreateUploadPayload, 'upload'> & { upload?: Maybe<ResolversParentTypes['Upload']> };
  DateTime: Scalars['DateTime']['output'];
  DeleteCommentInput: DeleteCommentInput;
  DeleteCommentPayload: Omit<DeleteCommentPayload, 'photo'> & { photo?: Maybe<ResolversParentTypes['Photo']> };
  DeletePhotoInput: DeletePhotoInput;
  DeletePhotoPayload: DeletePhotoPayload;
  FollowInput: FollowInput;
  FollowPayload: Omit<FollowPayload, 'user'> & { user?: Maybe<ResolversParentTypes['User']> };
  HomeFeedEvent: PublishedPhoto;
  HttpHeader: HttpHeader;
  ID: Scalars['ID']['output'];
  Image: Image;
  Int: Scalars['Int']['output'];
  LikePhotoInput: LikePhotoInput;
  LikePhotoPayload: Omit<LikePhotoPayload, 'photo'> & { photo?: Maybe<ResolversParentTypes['Photo']> };
  LogInInput: LogInInput;
  LogInPayload: Omit<LogInPayload, 'viewer'> & { viewer?: Maybe<ResolversParentTypes['Viewer']> };
  LogOutPayload: LogOutPayload;
  Mutation: Record<PropertyKey, never>;
  Node: ResolversInterfaceTypes<ResolversParentTypes>['Node'];
  PageInfo: PageInfo;
  Photo: PhotoRow;
  PhotoChangedEvent: Omit<PhotoChangedEvent, 'photo'> & { photo?: Maybe<ResolversParentTypes['Photo']> };
  PhotoConnection: Omit<PhotoConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['PhotoEdge']>, nodes: Array<ResolversParentTypes['Photo']> };
  PhotoEdge: Omit<PhotoEdge, 'node'> & { node: ResolversParentTypes['Photo'] };
  PhotoFailure: PhotoFailureCode;
  PublishPhotoInput: PublishPhotoInput;
  PublishPhotoPayload: Omit<PublishPhotoPayload, 'photo'> & { photo?: Maybe<ResolversParentTypes['Photo']> };
  Query: Record<PropertyKey, never>;
  RevokeSessionInput: RevokeSessionInput;
  RevokeSessionPayload: RevokeSessionPayload;
  Session: SessionRow;
  SessionConnection: Omit<SessionConnection, 'edges' | 'nodes'> & { edges: Array<ResolversParentTypes['SessionEdge']>, nodes: Array<ResolversParentTypes['Session']> };
  SessionEdge: Omit<SessionEdge, 'node'> & { node: ResolversParentTypes['Session'] };
  SignUpInput: SignUpInput;
  SignUpPayload: Omit<SignUpPayload, 'viewer'> & { viewer?: Maybe<ResolversParentTypes['Viewer']> };
  String: Scalars['String']['output'];
  Subscription: Record<PropertyKey, never>;
  UnfollowInput: UnfollowInput;
  UnfollowPayload: Omit<UnfollowPayload, 'user'> & { user?: Maybe<ResolversParentTypes['User']> };
  UnlikePhotoInput: UnlikePhotoInput;
  UnlikePhotoPayload: Omit<UnlikePhotoPayload, 'photo'> & { photo?: Maybe<ResolversParentTypes['Photo']> };
  UpdatePhotoInput: UpdatePhotoInput;
  UpdatePhotoPayload: Omit<UpdatePhotoPayload, 'photo'> & { photo?: Maybe<ResolversParentTypes['Photo']> };
  UpdateProfileInput: UpdateProfileInput;
  UpdateProfilePayload: Omit<UpdateProfilePayload, 'user'> & { user?: Maybe<ResolversParentTypes['User']> };
  Upload: UploadRow;
  User: UserRow;
  UserError: UserError;
  Viewer: SessionRow;
};

export type AddCommentPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['AddCommentPayload'] = ResolversParentTypes['AddCommentPayload']> = {
  comment?: Resolver<Maybe<ResolversTypes['Comment']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type ChangePasswordPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ChangePasswordPayload'] = ResolversParentTypes['ChangePasswordPayload']> = {
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
  viewer?: Resolver<Maybe<ResolversTypes['Viewer']>, ParentType, ContextType>;
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

export type CreateUploadPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['CreateUploadPayload'] = ResolversParentTypes['CreateUploadPayload']> = {
  upload?: Resolver<Maybe<ResolversTypes['Upload']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export type DeleteCommentPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['DeleteCommentPayload'] = ResolversParentTypes['DeleteCommentPayload']> = {
  deletedCommentId?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  photo?: Resolver<Maybe<ResolversTypes['Photo']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type DeletePhotoPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['DeletePhotoPayload'] = ResolversParentTypes['DeletePhotoPayload']> = {
  deletedPhotoId?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type FollowPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['FollowPayload'] = ResolversParentTypes['FollowPayload']> = {
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type HomeFeedEventResolvers<ContextType = Context, ParentType extends ResolversParentTypes['HomeFeedEvent'] = ResolversParentTypes['HomeFeedEvent']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  photo?: Resolver<ResolversTypes['Photo'], ParentType, ContextType>;
};

export type HttpHeaderResolvers<ContextType = Context, ParentType extends ResolversParentTypes['HttpHeader'] = ResolversParentTypes['HttpHeader']> = {
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  value?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type ImageResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Image'] = ResolversParentTypes['Image']> = {
  height?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  url?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  width?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type LikePhotoPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['LikePhotoPayload'] = ResolversParentTypes['LikePhotoPayload']> = {
  photo?: Resolver<Maybe<ResolversTypes['Photo']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type LogInPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['LogInPayload'] = ResolversParentTypes['LogInPayload']> = {
  token?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
  viewer?: Resolver<Maybe<ResolversTypes['Viewer']>, ParentType, ContextType>;
};

export type LogOutPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['LogOutPayload'] = ResolversParentTypes['LogOutPayload']> = {
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type MutationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  addComment?: Resolver<ResolversTypes['AddCommentPayload'], ParentType, ContextType, RequireFields<MutationAddCommentArgs, 'input'>>;
  changePassword?: Resolver<ResolversTypes['ChangePasswordPayload'], ParentType, ContextType, RequireFields<MutationChangePasswordArgs, 'input'>>;
  createUpload?: Resolver<ResolversTypes['CreateUploadPayload'], ParentType, ContextType, RequireFields<MutationCreateUploadArgs, 'input'>>;
  deleteComment?: Resolver<ResolversTypes['DeleteCommentPayload'], ParentType, ContextType, RequireFields<MutationDeleteCommentArgs, 'input'>>;
  deletePhoto?: Resolver<ResolversTypes['DeletePhotoPayload'], ParentType, ContextType, RequireFields<MutationDeletePhotoArgs, 'input'>>;
  follow?: Resolver<ResolversTypes['FollowPayload'], ParentType, ContextType, RequireFields<MutationFollowArgs, 'input'>>;
  likePhoto?: Resolver<ResolversTypes['LikePhotoPayload'], ParentType, ContextType, RequireFields<MutationLikePhotoArgs, 'input'>>;
  logIn?: Resolver<ResolversTypes['LogInPayload'], ParentType, ContextType, RequireFields<MutationLogInArgs, 'input'>>;
  logOut?: Resolver<ResolversTypes['LogOutPayload'], ParentType, ContextType>;
  publishPhoto?: Resolver<ResolversTypes['PublishPhotoPayload'], ParentType, ContextType, RequireFields<MutationPublishPhotoArgs, 'input'>>;
  revokeSession?: Resolver<ResolversTypes['RevokeSessionPayload'], ParentType, ContextType, RequireFields<MutationRevokeSessionArgs, 'input'>>;
  signUp?: Resolver<ResolversTypes['SignUpPayload'], ParentType, ContextType, RequireFields<MutationSignUpArgs, 'input'>>;
  unfollow?: Resolver<ResolversTypes['UnfollowPayload'], ParentType, ContextType, RequireFields<MutationUnfollowArgs, 'input'>>;
  unlikePhoto?: Resolver<ResolversTypes['UnlikePhotoPayload'], ParentType, ContextType, RequireFields<MutationUnlikePhotoArgs, 'input'>>;
  updatePhoto?: Resolver<ResolversTypes['UpdatePhotoPayload'], ParentType, ContextType, RequireFields<MutationUpdatePhotoArgs, 'input'>>;
  updateProfile?: Resolver<ResolversTypes['UpdateProfilePayload'], ParentType, ContextType, RequireFields<MutationUpdateProfileArgs, 'input'>>;
};

export type NodeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Node'] = ResolversParentTypes['Node']> = {
  __resolveType: TypeResolveFn<'Comment' | 'Photo' | 'Session' | 'Upload' | 'User', ParentType, ContextType>;
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
  height?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  image?: Resolver<Maybe<ResolversTypes['Image']>, ParentType, ContextType, RequireFields<PhotoImageArgs, 'size'>>;
  likeCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  owner?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
  publishedAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['PhotoStatus'], ParentType, ContextType>;
  thumbhash?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  viewerHasLiked?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  width?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type PhotoChangedEventResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PhotoChangedEvent'] = ResolversParentTypes['PhotoChangedEvent']> = {
  photo?: Resolver<Maybe<ResolversTypes['Photo']>, ParentType, ContextType>;
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

export type PhotoFailureResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PhotoFailure'] = ResolversParentTypes['PhotoFailure']> = {
  code?: Resolver<ResolversTypes['PhotoFailureCode'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type PublishPhotoPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PublishPhotoPayload'] = ResolversParentTypes['PublishPhotoPayload']> = {
  photo?: Resolver<Maybe<ResolversTypes['Photo']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type QueryResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  homeFeed?: Resolver<ResolversTypes['PhotoConnection'], ParentType, ContextType, RequireFields<QueryHomeFeedArgs, 'first'>>;
  me?: Resolver<Maybe<ResolversTypes['Viewer']>, ParentType, ContextType>;
  node?: Resolver<Maybe<ResolversTypes['Node']>, ParentType, ContextType, RequireFields<QueryNodeArgs, 'id'>>;
  nodes?: Resolver<Array<Maybe<ResolversTypes['Node']>>, ParentType, ContextType, RequireFields<QueryNodesArgs, 'ids'>>;
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType, RequireFields<QueryUserArgs, 'username'>>;
};

export type RevokeSessionPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RevokeSessionPayload'] = ResolversParentTypes['RevokeSessionPayload']> = {
  revokedSessionId?: Resolver<Maybe<ResolversTypes['ID']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
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

export type SignUpPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SignUpPayload'] = ResolversParentTypes['SignUpPayload']> = {
  token?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
  viewer?: Resolver<Maybe<ResolversTypes['Viewer']>, ParentType, ContextType>;
};

export type SubscriptionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  homeFeed?: SubscriptionResolver<ResolversTypes['HomeFeedEvent'], "homeFeed", ParentType, ContextType>;
  photoChanged?: SubscriptionResolver<ResolversTypes['PhotoChangedEvent'], "photoChanged", ParentType, ContextType, RequireFields<SubscriptionPhotoChangedArgs, 'photoId'>>;
};

export type UnfollowPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UnfollowPayload'] = ResolversParentTypes['UnfollowPayload']> = {
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type UnlikePhotoPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UnlikePhotoPayload'] = ResolversParentTypes['UnlikePhotoPayload']> = {
  photo?: Resolver<Maybe<ResolversTypes['Photo']>, ParentType, ContextType>;
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
  url?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type UserResolvers<ContextType = Context, ParentType extends ResolversParentTypes['User'] = ResolversParentTypes['User']> = {
  bio?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  displayName?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  followsViewer?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  username?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  viewerFollows?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type UserErrorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['UserError'] = ResolversParentTypes['UserError']> = {
  code?: Resolver<ResolversTypes['UserErrorCode'], ParentType, ContextType>;
  field?: Resolver<Array<ResolversTypes['String']>, ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type ViewerResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Viewer'] = ResolversParentTypes['Viewer']> = {
  email?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  sessions?: Resolver<ResolversTypes['SessionConnection'], ParentType, ContextType, RequireFields<ViewerSessionsArgs, 'first'>>;
  user?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
};

export type Resolvers<ContextType = Context> = {
  AddCommentPayload?: AddCommentPayloadResolvers<ContextType>;
  ChangePasswordPayload?: ChangePasswordPayloadResolvers<ContextType>;
  Comment?: CommentResolvers<ContextType>;
  CommentConnection?: CommentConnectionResolvers<ContextType>;
  CommentEdge?: CommentEdgeResolvers<ContextType>;
  CreateUploadPayload?: CreateUploadPayloadResolvers<ContextType>;
  DateTime?: GraphQLScalarType;
  DeleteCommentPayload?: DeleteCommentPayloadResolvers<ContextType>;
  DeletePhotoPayload?: DeletePhotoPayloadResolvers<ContextType>;
  FollowPayload?: FollowPayloadResolvers<ContextType>;
  HomeFeedEvent?: HomeFeedEventResolvers<ContextType>;
  HttpHeader?: HttpHeaderResolvers<ContextType>;
  Image?: ImageResolvers<ContextType>;
  LikePhotoPayload?: LikePhotoPayloadResolvers<ContextType>;
  LogInPayload?: LogInPayloadResolvers<ContextType>;
  LogOutPayload?: LogOutPayloadResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  Node?: NodeResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  Photo?: PhotoResolvers<ContextType>;
  PhotoChangedEvent?: PhotoChangedEventResolvers<ContextType>;
  PhotoConnection?: PhotoConnectionResolvers<ContextType>;
  PhotoEdge?: PhotoEdgeResolvers<ContextType>;
  PhotoFailure?: PhotoFailureResolvers<ContextType>;
  PublishPhotoPayload?: PublishPhotoPayloadResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  RevokeSessionPayload?: RevokeSessionPayloadResolvers<ContextType>;
  Session?: SessionResolvers<ContextType>;
  SessionConnection?: SessionConnectionResolvers<ContextType>;
  SessionEdge?: SessionEdgeResolvers<ContextType>;
  SignUpPayload?: SignUpPayloadResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
  UnfollowPayload?: UnfollowPayloadResolvers<ContextType>;
  UnlikePhotoPayload?: UnlikePhotoPayloadResolvers<ContextType>;
  UpdatePhotoPayload?: UpdatePhotoPayloadResolvers<ContextType>;
  UpdateProfilePayload?: UpdateProfilePayloadResolvers<ContextType>;
  Upload?: UploadResolvers<ContextType>;
  User?: UserResolvers<ContextType>;
  UserError?: UserErrorResolvers<ContextType>;
  Viewer?: ViewerResolvers<ContextType>;
};

