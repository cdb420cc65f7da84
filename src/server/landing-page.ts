import type { ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginLandingPageLocalDefault } from '@apollo/server/plugin/landingPage/default';
import type { Context } from '../features/context.ts';

/** What stands beneath the Sandbox, and is read where Apollo's servers, which it is loaded from, cannot be reached. */
const EXPLANATION = `<div class="fallback">
  <h1>Darkroom</h1>
  <p>This is the GraphQL API of a photo-sharing network. Apollo Sandbox, which would let you explore it here, is loaded from
    Apollo's servers and they cannot be reached now. Everything else works without them.</p>
  <p>Send a query with any client, as <code>POST</code> to this very address:</p>
  <pre>curl ADDRESS -H 'content-type: application/json' \\
  -d '{"query":"{ me { user { username } } }"}'</pre>
  <p>Subscribe over WebSocket at this address with the <code>graphql-ws</code> protocol. Log in with the mutation
    <code>logIn</code>, and send its token as <code>Authorization: Bearer TOKEN</code> (in <code>connectionParams</code> over WebSocket).</p>
  <p>The schema, with a description of every field: the files of <code>schema/</code> in the repository, or any tool that
    reads it by introspection, such as <code>npx get-graphql-schema ADDRESS</code>, GraphiQL, Altair or Insomnia.</p>
</div>`;

/** Apollo Sandbox for a browser that asks for the API's address, with an explanation of ours for where it cannot be loaded. */
export function landingPage(): ApolloServerPlugin<Context> {
  const apollo = ApolloServerPluginLandingPageLocalDefault({ embed: { runTelemetry: false } });
  return {
    async serverWillStart(service) {
      const listener = await apollo.serverWillStart?.(service);
      return {
        async renderLandingPage() {
          const page = await listener?.renderLandingPage?.();
          if (!page) throw new Error('Apollo Server has no landing page any more.');
          const { html } = page;
          return {
            html: async () => {
              const text = typeof html === 'string' ? html : await html();
              return text
                .replace(/<div class="fallback">[\s\S]*?<\/div>/, EXPLANATION)
                .replace('<title>Apollo Server</title>', '<title>Darkroom</title>');
            },
          };
        },
      };
    },
  };
}
