import type { INestApplication } from '@nestjs/common';
import { SwaggerModule } from '@nestjs/swagger';
import type { HttpConfig } from '@app/config';
import type { NextFunction, Request, Response } from 'express';
import { describeApi } from './describe-api.js';

/** Swagger UI sets styles by script and shows its images as data */
const UI_POLICY =
  "default-src 'self';base-uri 'self';frame-ancestors 'self';object-src 'none';img-src 'self' data: blob:;" +
  "media-src 'self' blob:;script-src 'self';style-src 'self' 'unsafe-inline';connect-src 'self'";

/** Serves the OpenAPI document at /docs-json, and a page at /docs to try every call. */
export function serveDocs(app: INestApplication, { apiKeysFile }: HttpConfig): void {
  app.use('/docs', (_request: Request, response: Response, next: NextFunction) => {
    response.set('Content-Security-Policy', UI_POLICY);
    next();
  });
  SwaggerModule.setup('docs', app, () => describeApi(app, apiKeysFile !== undefined), {
    jsonDocumentUrl: 'docs-json',
    yamlDocumentUrl: 'docs-yaml',
    customSiteTitle: 'Music separation',
    swaggerOptions: { displayRequestDuration: true, tryItOutEnabled: true },
  });
}
