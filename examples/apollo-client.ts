/**
 * The home feed in React with Apollo Client 4. It reads the list over HTTP and adds new photos on top of it as they are
 * shared. No photo is missing or duplicated, even if the connection is lost. Copy this file together with live.ts,
 * which maintains the connection.
 *
 *     const client = createApollo('https://example.org/graphql', () => token);
 *     root.render(<ApolloProvider client={client}><Feed /></ApolloProvider>);
 *
 *     function Feed() {
 *       const { photos = [], loadMore } = useHomeFeed();
 *       const cards = photos.map((photo) => <Card key={photo.id} photo={photo} />);
 *       return <>{cards}<button onClick={loadMore}>More</button></>;
 *     }
 */
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache, type TypedDocumentNode } from '@apollo/client';
import { CombinedGraphQLErrors, ServerError } from '@apollo/client/errors';
import { SetContextLink } from '@apollo/client/link/context';
import { RetryLink } from '@apollo/client/link/retry';
import { useQuery, useSubscription } from '@apollo/client/react';
import { print } from '@apollo/client/utilities';
import { OperationTypeNode } from 'graphql';
import { useRef, useState } from 'react';
import { Observable, tap } from 'rxjs';
import { connect, subscribe } from './live.ts';

/** A photo in the list. */
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

/** An event is empty where photos may have been missed: see `subscriptionLink`. */
const NEW_PHOTOS: TypedDocumentNode<{ homeFeed?: { photo: Photo } }, Record<string, never>> = gql`
  subscription NewPhotos($after: String) {
    homeFeed(after: $after) { cursor isGap photo { ...PhotoInFeed } }
  }
  ${PHOTO}
`;

/**
 * Creates the client of one session. Another session needs another client.
 *
 * @param url the URL of the API, such as https://example.org/graphql
 * @param token returns the session's token, which is sent with each request and connection
 */
export function createApollo(url: string, token: () => string | undefined): ApolloClient {
  const authorize = new SetContextLink(({ headers }) =>
    token() ? { headers: { ...headers, authorization: `Bearer ${token()}` } } : {},
  );
  // Retry queries until they reach the server. Do not retry mutations: they may have reached it.
  const retry = new RetryLink({
    delay: { initial: 500, max: 30_000 },
    attempts: (_count, { operationType }, error) =>
      operationType === OperationTypeNode.QUERY &&
      !(ServerError.is(error) && error.statusCode < 500 && error.statusCode !== 429),
  });
  // RetryLink sees no errors in answers. Of these codes it should: the server asks to come again.
  const failWhenRefused = new ApolloLink((operation, forward) =>
    forward(operation).pipe(
      tap((result) => {
        const codes = result.errors?.map(({ extensions }) => extensions?.code) ?? [];
        const isForNow = codes.some((code) => code === 'RATE_LIMITED' || code === 'UNAVAILABLE');
        if (isForNow && !result.data) throw new CombinedGraphQLErrors(result);
      }),
    ),
  );
  return new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      subscriptionLink(url, token),
      ApolloLink.from([retry, failWhenRefused, authorize, new HttpLink({ uri: url })]),
    ),
  });
}

/**
 * Replaces Apollo's GraphQLWsLink, which always resubscribes with the same variables. This link resubscribes with the
 * newest cursor as `after`. Where events may have been missed, it emits an empty event.
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
          onEnd: (reason) => (reason ? observer.error(reason) : observer.complete()),
        }),
      ),
  );
}

/**
 * The viewer's home feed, live.
 *
 * @returns `photos`, newest first, undefined until they are loaded; `error`, of the subscription (for example because
 * the session has ended) or of the list; and `loadMore`, which loads the next page if there is one
 */
export function useHomeFeed() {
  const { data, previousData, error, refetch, fetchMore, client } = useQuery(HOME_FEED, {
    // With another policy Apollo does not show photos that are added to the cache during a request.
    fetchPolicy: 'cache-and-network',
    // Otherwise the response to a request from before a gap could be used for the reload after it.
    context: { queryDeduplication: false },
  });
  /** The photos that arrived since the list was last requested. The response may be older and must not remove them. */
  const arrived = useRef<Photo[]>([]);
  const [pageError, setPageError] = useState<Error>();

  const addPhoto = (photo: Photo) =>
    client.cache.updateQuery({ query: HOME_FEED }, (list) => {
      if (!list || list.homeFeed.nodes.some(({ id }) => id === photo.id)) return list;
      return { homeFeed: { ...list.homeFeed, nodes: [photo, ...list.homeFeed.nodes] } };
    });
  const reloadList = async () => {
    arrived.current = [];
    await refetch().catch(() => {}); // useQuery returns it as `error`.
    arrived.current.forEach(addPhoto);
  };
  const { error: subscriptionError } = useSubscription(NEW_PHOTOS, {
    // `addPhoto` writes to the cache. Apollo itself could not write an empty event.
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
        // If the list was reloaded in the meantime, this page does not continue it.
        if (homeFeed.pageInfo.endCursor !== after) return { homeFeed };
        return { homeFeed: { ...page, nodes: [...homeFeed.nodes, ...page.nodes] } };
      },
    });
    await page.then(() => setPageError(undefined), setPageError);
  };
  return { photos: list?.nodes, error: subscriptionError ?? error ?? pageError, loadMore };
}
