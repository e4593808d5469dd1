import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { NextFunction, Request, Response } from 'express';

/** Swagger UI sets styles by script and shows images of its own as data */
const UI_POLICY =
  "default-src 'self';base-uri 'self';frame-ancestors 'self';object-src 'none';img-src 'self' data: blob:;" +
  "media-src 'self' blob:;script-src 'self';style-src 'self' 'unsafe-inline';connect-src 'self'";

/** The OpenAPI document at /docs-json, and a page at /docs to try every call, uploads too. */
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
    response.set('Content-Security-Policy', UI_POLICY);
    next();
  });
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, config), {
    jsonDocumentUrl: 'docs-json',
    yamlDocumentUrl: 'docs-yaml',
    customSiteTitle: 'Music separation',
    swaggerOptions: { displayRequestDuration: true, tryItOutEnabled: true },
  });
}
