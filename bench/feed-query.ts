/** The query that `bench -- feed` measures: a screen of the home feed with everything that a client shows. */
export const FEED_QUERY = `{
  homeFeed(first: 24) {
    edges {
      cursor
      node {
        id caption width height thumbhash likeCount commentCount viewerHasLiked
        owner { id username displayName }
        square: image(size: SQUARE_150) { url width height }
        small: image(size: WIDTH_320) { url width height }
        medium: image(size: WIDTH_640) { url width height }
        large: image(size: WIDTH_1080) { url width height }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;
