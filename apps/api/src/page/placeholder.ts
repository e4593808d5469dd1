/** Shown where the page was not built. */
export const PLACEHOLDER = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>Music separation</title>
  </head>
  <body>
    <h1>Music separation</h1>
    <p>Separates a song into vocals, drums, bass and other.</p>
    <ul>
      <li><a href="/docs">Try it, and read about every call</a></li>
      <li><a href="/docs-json">OpenAPI document</a></li>
      <li><a href="/v1/models">Models</a></li>
    </ul>
  </body>
</html>
`;
