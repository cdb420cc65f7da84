import type { ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginLandingPageLocalDefault } from '@apollo/server/plugin/landingPage/default';
import type { Context } from '../features/context.ts';

/**
 * The page for browsers that cannot reach Apollo's servers, from which Sandbox is loaded. Apollo's element for Sandbox
 * covers the page and keeps it from scrolling. The styles undo both while that element is empty.
 *
 * @param nonce the nonce of the page's Content-Security-Policy for styles and scripts
 */
const explanation = (nonce: string): string => `<style nonce="${nonce}">
  :root { color-scheme: light dark; }
  body:has(#embeddableSandbox:empty) { overflow: auto; }
  #embeddableSandbox:empty, .fallback:has(~ #embeddableSandbox:not(:empty)) { display: none; }
  .fallback { max-width: 44rem; margin: 0 auto; font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
  .fallback h2 { margin: 2rem 0 0; font-size: 1.1rem; }
  .fallback pre { padding: 1em; overflow-x: auto; border-radius: 6px; background: #8882; }
  .fallback pre, .fallback code { font-size: 0.85rem; }
</style>
<div class="fallback">
  <h1>Darkroom</h1>
  <p>This is the GraphQL API of a photo-sharing network. It runs; only Apollo Sandbox, the explorer that should fill
    this page, is missing: it comes from Apollo's servers, which your browser cannot reach at the moment.</p>
  <h2>Send an operation</h2>
  <p>Any GraphQL client will do, or none: it is a <code>POST</code> to this very address.</p>
  <pre>curl <span class="address">ADDRESS</span> -H 'content-type: application/json' \\
  -d '{"query": "{ __schema { queryType { fields { name description } } } }"}'</pre>
  <h2>Log in</h2>
  <pre>mutation {
  logIn(input: { login: "ada", password: "correct horse" }) {
    token
    userErrors { message }
  }
}</pre>
  <p>Or <code>signUp</code> first. Send the token with every further request, as the header
    <code>Authorization: Bearer TOKEN</code>.</p>
  <h2>Subscribe</h2>
  <p>Over WebSocket at <code class="socket">this address</code>, with the <code>graphql-ws</code> protocol and the token
    in the connection's parameters: <code>{ "authorization": "Bearer TOKEN" }</code>.</p>
  <h2>Look around</h2>
  <p>Every type, field and argument is described. GraphiQL, Altair or Insomnia, installed on your machine, read that
    from here and let you explore it as Sandbox does; in the repository it is the folder <code>schema/</code>.</p>
</div>
<script nonce="${nonce}">
  document.querySelector('.address').textContent = location.origin + location.pathname;
  document.querySelector('.socket').textContent = location.origin.replace('http', 'ws') + location.pathname;
</script>`;

/**
 * Serves Apollo Sandbox to browsers that open the API's address, with our explanation for those that cannot load it.
 */
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
              const [, nonce = ''] = /'nonce-(\w+)'/.exec(text) ?? [];
              return text
                .replace(/<div class="fallback">[\s\S]*?<\/div>/, () => explanation(nonce))
                .replace('<title>Apollo Server</title>', '<title>Darkroom</title>');
            },
          };
        },
      };
    },
  };
}
