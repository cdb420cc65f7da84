/**
 * The home feed in React, with Apollo Client 4: the list is read over HTTP, new photos come on top of it as they are shared, and whatever
 * happens to the connection, none is missing and none is there twice. Copy it, with live.ts, which keeps the connection.
 *
 *     const client = createApollo('https://example.org/graphql', () => token);
 *     root.render(<ApolloProvider client={client}><Feed /></ApolloProvider>);
 *
 *     function Feed() {
 *       const { photos = [], loadMore } = useHomeFeed();
 *       return <>{photos.map((photo) => <Card key={photo.id} photo={photo} />)}<button onClick={loadMore}>More</button></>;
 *     }
 */
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache, type TypedDocumentNode } from '@apollo/client';
import { ServerError } from '@apollo/client/errors';
import { SetContextLink } from '@apollo/client/link/context';
import { RetryLink } from '@apollo/client/link/retry';
import { useQuery, useSubscription } from '@apollo/client/react';
import { print } from '@apollo/client/utilities';
import { OperationTypeNode } from 'graphql';
import { useRef, useState } from 'react';
import { Observable } from 'rxjs';
import { connect, subscribe } from './live.ts';

/** A photo as the list shows it. */
export interface Photo {
  id: string;
  caption: string;
  owner: { id: string; username: string };
  image: { url: string; width: number; height: number } | null;
}

interface HomeFeed {
  homeFeed: { nodes: Photo[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } };
}

const PHOTO = gql`
  fragment PhotoInFeed on Photo { id caption owner { id username } image(size: WIDTH_640) { url width height } }
`;

const HOME_FEED: TypedDocumentNode<HomeFeed, { after?: string | null }> = gql`
  query HomeFeed($after: String) {
    homeFeed(after: $after) { nodes { ...PhotoInFeed } pageInfo { hasNextPage endCursor } }
  }
  ${PHOTO}
`;

/** Empty where something may have been missed: see `subscriptions`. */
const NEW_PHOTOS: TypedDocumentNode<{ homeFeed?: { photo: Photo } }, Record<string, never>> = gql`
  subscription NewPhotos($after: String) {
    homeFeed(after: $after) { cursor isGap photo { ...PhotoInFeed } }
  }
  ${PHOTO}
`;

/**
 * Makes the client of one session; for another one, make another client.
 *
 * @param url the API's address, such as https://example.org/graphql
 * @param token answers the session's token, which goes with each request and connection
 */
export function createApollo(url: string, token: () => string | undefined): ApolloClient {
  const authorize = new SetContextLink(({ headers }) =>
    token() ? { headers: { ...headers, authorization: `Bearer ${token()}` } } : {},
  );
  // A query that does not reach the server is asked again until it does. A mutation may have reached it.
  const retry = new RetryLink({
    delay: { initial: 500, max: 30_000 },
    attempts: (_count, { operationType }, error) =>
      operationType === OperationTypeNode.QUERY && !(ServerError.is(error) && error.statusCode < 500),
  });
  return new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      subscriptionLink(url, token),
      ApolloLink.from([retry, authorize, new HttpLink({ uri: url })]),
    ),
  });
}

/**
 * In place of Apollo's GraphQLWsLink, which sends the same variables for ever: this one sends each time the newest cursor as `after`.
 * Where something may have been missed it hands on an event that is empty.
 */
function subscriptionLink(url: string, token: () => string | undefined): ApolloLink {
  const connection = connect(url, token);
  return new ApolloLink(
    ({ query, variables }) =>
      new Observable((observer) =>
        subscribe(connection, print(query), {
          variables,
          onData: (data) => observer.next({ data }),
          onGap: () => observer.next({ data: {} }),
          onEnd: (why) => (why ? observer.error(why) : observer.complete()),
        }),
      ),
  );
}

/**
 * The viewer's home feed, live.
 *
 * @returns the photos, newest first, undefined until they are read; what went wrong, be it with the subscription, as when the session is
 * over, or with the list; and what reads the next page, if there is one
 */
export function useHomeFeed() {
  const { data, previousData, error, refetch, fetchMore, client } = useQuery(HOME_FEED, {
    // Under another policy Apollo does not show what comes into the cache while a request is under way.
    fetchPolicy: 'cache-and-network',
    // Otherwise an answer to what was asked before a gap could pass for that to what is asked after it.
    context: { queryDeduplication: false },
  });
  /** What has come since the list was last asked for: the answer may be older, and must not take it away again. */
  const arrived = useRef<Photo[]>([]);
  const [pageError, setPageError] = useState<Error>();

  const addPhoto = (photo: Photo) =>
    client.cache.updateQuery({ query: HOME_FEED }, (list) => {
      if (!list || list.homeFeed.nodes.some(({ id }) => id === photo.id)) return list;
      return { homeFeed: { ...list.homeFeed, nodes: [photo, ...list.homeFeed.nodes] } };
    });
  const reloadList = async () => {
    arrived.current = [];
    await refetch().catch(() => {}); // `error` has it.
    arrived.current.forEach(addPhoto);
  };
  const { error: subscriptionError } = useSubscription(NEW_PHOTOS, {
    // `put` writes into the cache, into which an empty event would not fit.
    fetchPolicy: 'no-cache',
    onData({ data: { data: event } }) {
      if (!event?.homeFeed) return void reloadList();
      arrived.current.push(event.homeFeed.photo);
      addPhoto(event.homeFeed.photo);
    },
  });

  const list = (data ?? previousData)?.homeFeed;
  const loadMore = async () => {
    if (!list?.pageInfo.hasNextPage) return;
    const after = list.pageInfo.endCursor;
    const page = fetchMore({
      variables: { after },
      updateQuery({ homeFeed }, { fetchMoreResult: { homeFeed: page } }) {
        // A list that was read anew meanwhile ends elsewhere.
        if (homeFeed.pageInfo.endCursor !== after) return { homeFeed };
        return { homeFeed: { ...page, nodes: [...homeFeed.nodes, ...page.nodes] } };
      },
    });
    await page.then(() => setPageError(undefined), setPageError);
  };
  return { photos: list?.nodes, error: subscriptionError ?? error ?? pageError, loadMore };
}
