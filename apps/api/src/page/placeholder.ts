/** Shown when the page was not built. */
export const PLACEHOLDER = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>Music separation</title>
  </head>
  <body>
    <h1>Music separation</h1>
    <p>Splits a song into vocals, drums, bass and the rest.</p>
    <ul>
      <li><a href="/docs">Try the API and read its reference</a></li>
      <li><a href="/docs-json">OpenAPI document</a></li>
      <li><a href="/v1/models">Models</a></li>
    </ul>
  </body>
</html>
`;
