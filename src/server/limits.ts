import type { BucketSize } from './token-bucket.ts';

/** The most tokens of a document. A larger one is not parsed. */
export const MAX_TOKENS = 3_000;
/** The most characters. Comments are no tokens, but take time and memory too. */
export const MAX_DOCUMENT_LENGTH = 64 * 1024;
/** The most fields of a subscription with its fragments expanded: its document is kept as long as it lasts. */
export const MAX_SUBSCRIPTION_SELECTIONS = 200;
/**
 * How long parsing and validating the documents of one person, or of one address without a session, may take, in
 * milliseconds. A checked document is kept and costs nothing again, so ordinary clients, which send the same documents,
 * never get there.
 */
export const CHECKING_MS: BucketSize = { perSecond: 100, capacity: 500 };
/** The largest request, in bytes. */
export const MAX_BODY_BYTES = 256 * 1024;
/** A longer body is not read to its end when it was refused: its client may miss the answer. */
export const MAX_IGNORED_BYTES = 2 * MAX_BODY_BYTES;
/** The most pieces of a body with `Transfer-Encoding: chunked`. Most clients and proxies send pieces of some KB. */
export const MAX_BODY_PIECES = 1_000;
/** The most requests over one connection that have not been answered. Browsers send the next one after the answer. */
export const MAX_PIPELINED_REQUESTS = 10;

/** The most operations, subscriptions included, that run at the same time over one connection. */
export const MAX_OPERATIONS = 100;
/** How long their messages may be together, in characters: as much as one message may have. */
export const MAX_OPERATIONS_LENGTH = 256 * 1024;
/** The longest id of an operation, in characters. */
export const MAX_OPERATION_ID_LENGTH = 128;
/**
 * How many frames a client may send over one connection: messages, pings and pongs. A client that reconnects and
 * subscribes to everything again needs a burst.
 */
export const FRAMES_OF_SOCKET: BucketSize = { perSecond: 100, capacity: 1_500 };
/**
 * How many bytes. A message of a real client has 2 KB at most, so these are 100 of them in a second. The burst is eight
 * messages of the largest size.
 */
export const BYTES_OF_SOCKET: BucketSize = { perSecond: 256 * 1024, capacity: 8 * MAX_BODY_BYTES };
/** What opening a connection counts as: it takes about as long as so many frames. */
export const FRAMES_OF_OPENING = 30;
/**
 * The same for all connections from one address, for each connection that is allowed from it. A client that is at rest
 * sends a pong every 12 seconds. When a server restarts, all of them connect and subscribe again at the same moment.
 */
export const FRAMES_OF_ADDRESS: BucketSize = { perSecond: 2, capacity: 60 };
/** The same in bytes. */
export const BYTES_OF_ADDRESS: BucketSize = { perSecond: 2 * 1024, capacity: 20 * 1024 };
/**
 * The same for all connections of one person, for each that they may have. Otherwise, a client whose connection is
 * closed because it sends too much would connect again and go on.
 */
export const FRAMES_OF_PERSON: BucketSize = { perSecond: 4, capacity: 80 };
/** The same in bytes. */
export const BYTES_OF_PERSON: BucketSize = { perSecond: 16 * 1024, capacity: 80 * 1024 };
/**
 * How many subscriptions without a session an address may begin, for each connection that is allowed from it. Each
 * makes streams in Redis, and deletes them when it ends.
 */
export const SUBSCRIPTIONS_OF_ADDRESS: BucketSize = { perSecond: 0.02, capacity: 1 };
/** The least of that, where few connections are allowed: what one connection may have at the same time. */
export const SUBSCRIPTIONS_OF_SOCKET: BucketSize = { perSecond: 1, capacity: MAX_OPERATIONS };
/** How many messages of a connection are handled before other clients get their turn. */
export const MESSAGES_AT_ONCE = 2;
/** The most fragments of a message. No library sends a large message in pieces of less than 4 KB. */
export const MAX_FRAGMENTS = 64;
/** Backpressure: from so many unsent bytes on, results are made for a client only as fast as it reads. */
export const SOME_UNSENT_BYTES = 64 * 1024;
/** From so many unsent bytes on, the client's subscriptions end with RESUME, and nothing more is read from it. */
export const MAX_UNSENT_BYTES = 1024 * 1024;
/** The ping interval, in milliseconds. A client that neither answers nor reads until the next ping is cut off. */
export const CLIENT_SILENT_MS = 12_000;
/** The `Retry-After` of refused connections, in seconds. */
export const RETRY_AFTER_SECONDS = 5;

/** The most levels of fields of an operation. */
export const MAX_DEPTH = 15;
/** The most aliases of an operation. */
export const MAX_ALIASES = 50;
/** The longest of them, in characters. An answer repeats it for each item of a list. */
export const MAX_ALIAS_LENGTH = 100;
/** The most fields of an operation when its fragments are expanded. */
export const MAX_SELECTIONS = 2_000;
/** The most fields with one response key in one place. Validation compares each with each. */
export const MAX_REPEATS = 50;
/**
 * What fields cost whose work is far above that of others, which cost nothing here. 10 is a search in PostgreSQL, about
 * 10 milliseconds. Each counts once for every item of the lists around it, so what a loader reads for all items at once
 * (features/loaders.ts) is not here, unless each item is much work in itself.
 */
export const FIELD_COSTS: Readonly<Record<string, number>> = {
  'Query.search': 10,
  'Query.searchPeople': 10,
  'Query.searchPlaces': 10,
  'Query.searchHashtags': 10,
  'Query.photosNear': 10,
  'Query.photosInBox': 10,
  'Query.placesNear': 10,
  // Counts the hashtags of up to 2,000 photos.
  'Hashtag.related': 10,
  // One read of a list for each alias or item.
  'Query.homeFeed': 5,
  'Query.activity': 5,
  'Query.popular': 2,
  'Query.moderationQueue': 2,
  'Query.moderationLog': 2,
  'Hashtag.photos': 2,
  'Viewer.sessions': 1,
  'Viewer.followedHashtags': 1,
  // Applies the rules to up to 1,000 photos.
  'Hashtag.photoCount': 0.5,
  // Reads a file, or asks the store whether it is there.
  'Upload.suggestedLocation': 5,
  'Mutation.publishPhoto': 5,
  'Mutation.setAvatar': 5,
  // Signs a URL.
  'Upload.url': 0.5,
  'DataExport.url': 0.5,
  // Hashes a password, which takes long on purpose.
  'Mutation.signUp': 10,
  'Mutation.logIn': 10,
  'Mutation.changePassword': 10,
  'Mutation.resetPassword': 10,
  'Mutation.deactivateAccount': 10,
  'Mutation.deleteAccount': 10,
  'Mutation.requestDataExport': 10,
};
/** The most that the fields of an operation may cost: 20 files, or 10 searches. */
export const MAX_COST = 100;
/**
 * The most values that an answer may hold: its fields, and the items of its lists. A screen of the home feed has about
 * 850. Executing takes about 4 microseconds for each, and meanwhile nobody else is served.
 */
export const MAX_VALUES = 18_000;
/**
 * How large the operations of one client may be together while they run: their values, and `WEIGHT_OF_COST` for each
 * unit of cost. More operations wait for their turn.
 */
export const MAX_WEIGHT_AT_ONCE = 10_000;
/** So that two searches are large, and a single log-in is not: it must not wait for large ones. */
export const WEIGHT_OF_COST = 140;
/** What every operation counts besides: the smallest one takes some time as well. */
export const OPERATION_WEIGHT = 500;
/** The weight of setting up a subscription. */
export const SUBSCRIPTION_WEIGHT = 500;
/**
 * The longest texts of an answer, in characters together: so many, and more for each value that it may hold. Only the
 * answers of operations with more than `SOME_VALUES` are measured. 1,000 captions of the greatest length have 2,200,000
 * characters.
 */
export const ANSWER_LENGTH = { atLeast: 256 * 1024, perValue: 200 };
/** About as many values as a screen has. */
export const SOME_VALUES = 1_000;
/**
 * How many bytes of answers may wait for clients to read them, in the whole process. Beyond that the connections are
 * cut off for which most waits.
 */
export const MAX_UNREAD_BYTES = 128 * 1024 * 1024;
/** The same for bodies that have not arrived in full. A body arrives within 30 seconds, or its client is cut off. */
export const MAX_UNFINISHED_BYTES = 64 * 1024 * 1024;
/** From this size on, an answer or a body counts. */
export const SOME_WAITING_BYTES = 4 * 1024;
/** How many connections an address may have besides those for subscriptions. */
export const REQUEST_CONNECTIONS_PER_ADDRESS = 1_000;
/**
 * From this weight on, an operation counts for some time after it has ended: for as long as it took, and at most... A
 * screen of the home feed weighs about 2,000.
 */
export const LARGE_WEIGHT = 3_000;
/** ... this long, in milliseconds. */
export const MAX_REST_MS = 250;
/**
 * How many operations may wait for their turn: of one client, and of all together. When so many wait of all, one client
 * may have no more than `ofClientThen`, so that many clients with many operations neither fill the memory nor keep
 * others from waiting.
 */
export const MAX_WAITING_OPERATIONS = { ofClient: 200, ofAll: 1_000, ofClientThen: 20 };
/** From this size on, in characters, a body is parsed in a turn of its address, and its values are counted before. */
export const LARGE_BODY_LENGTH = 16 * 1024;
/** The most values of a large body: some more than its variables may have. */
export const MAX_BODY_VALUES = 3_000;
/** How many large bodies may wait. Each takes up to half a MB. */
export const MAX_WAITING_BODIES = { ofClient: 50, ofAll: 200, ofClientThen: 1 };
/** The most values in the variables of an operation: objects and lists with all that they hold. */
export const MAX_VARIABLE_VALUES = 2_000;
/** The most errors in one answer. Each has the path to its field. */
export const MAX_ANSWER_ERRORS = 1_000;
/** The longest message of an error, in characters. graphql-js quotes values, whatever their length. */
export const MAX_MESSAGE_LENGTH = 2_000;
/** The most errors about variables in one answer. */
export const MAX_VARIABLE_ERRORS = 10;
/** An operation is compiled when it has been executed so often since it was last compiled. */
export const COMPILE_AFTER = 10;
/** The compiled code that is kept, in characters. A large operation has about 900,000. */
export const MAX_COMPILED_CODE = 4_000_000;
