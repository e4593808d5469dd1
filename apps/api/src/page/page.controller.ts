import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from '../access/public.decorator.js';

const PAGE = `<!doctype html>
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

@ApiExcludeController()
@Public()
@Controller()
export class PageController {
  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  page(): string {
    return PAGE;
  }
}
