import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { NextFunction, Request, Response } from 'express';

/** Content Security Policy: Swagger UI sets inline styles and uses data: images */
const SWAGGER_CSP =
  "default-src 'self';base-uri 'self';frame-ancestors 'self';object-src 'none';img-src 'self' data: blob:;" +
  "media-src 'self' blob:;script-src 'self';style-src 'self' 'unsafe-inline';connect-src 'self'";

/** Serves the OpenAPI document at /docs-json, and Swagger UI at /docs. */
export function serveDocs(app: INestApplication): void {
  const description =
    'Upload a song, follow its separation, download its stems. ' +
    'Errors are `application/problem+json` with a stable `code` and the `requestId`.';
  const config = new DocumentBuilder()
    .setTitle('Music separation')
    .setDescription(description)
    .setVersion('1')
    .addApiKey({ type: 'apiKey', in: 'header', name: 'x-api-key' }, 'key')
    .addBearerAuth({ type: 'http', scheme: 'bearer' }, 'bearer')
    .build();
  app.use('/docs', (_request: Request, response: Response, next: NextFunction) => {
    response.set('Content-Security-Policy', SWAGGER_CSP);
    next();
  });
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, config), {
    jsonDocumentUrl: 'docs-json',
    yamlDocumentUrl: 'docs-yaml',
    customSiteTitle: 'Music separation',
    swaggerOptions: { displayRequestDuration: true, tryItOutEnabled: true },
  });
}
