import { ValidationPipe } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { ApiConfig } from '@app/config';
import type { Express, NextFunction, Request, Response } from 'express';
import { refuseCrossSite } from './access/cross-site.middleware.js';
import { compressJson } from './context/compress-json.js';
import { closeStalledDownloads } from './context/download-stall.middleware.js';
import { drainUpload } from './context/drain-upload.middleware.js';
import { requestId } from './context/request-id.middleware.js';
import { serveDocs } from './docs/docs.js';
import { invalidFields } from './problems/invalid-fields.js';
import { refuseOtherMethods } from './problems/other-methods.middleware.js';
import { ProblemFilter } from './problems/problem.filter.js';
import { answerUnreadableRequests } from './problems/unreadable-requests.js';
import { askBeforeContinue } from './uploads/ask-before-continue.js';
import { LONGEST_UPLOAD_MS } from './uploads/longest-upload.js';
import { speakTus } from './uploads/resumable/tus.middleware.js';

/** longer than a load balancer's usual idle time-out, which must not reuse a connection that we just closed */
const KEEP_ALIVE_MS = 65_000;

/** response headers that scripts of other origins may read (CORS) */
const EXPOSED_HEADERS = [
  'Location',
  'Retry-After',
  'x-request-id',
  'Content-Disposition',
  'ETag',
  'Content-Range',
  'X-Peak-Db',
  'Tus-Resumable',
  'Tus-Version',
  'Tus-Extension',
  'Tus-Max-Size',
  'Upload-Offset',
  'Upload-Length',
  'Upload-Metadata',
  'Upload-Expires',
];

/** Sets up middleware, security headers, CORS, validation and the docs. */
export function configureApp(app: NestExpressApplication, config: ApiConfig): void {
  app.set('trust proxy', config.http.trustedProxies);
  app.set('query parser', 'simple');
  app.set('etag', false);
  app.use(
    requestId,
    compressJson(),
    drainUpload,
    closeStalledDownloads(config.http.downloadStallSeconds),
    refuseCrossSite(config.http),
  );
  app.use('/v1/uploads', speakTus(config.limits.maxUploadBytes));
  // what a song's owner sees changes, and is nobody else's
  app.use(['/v1', '/apiv1'], (_request: Request, response: Response, next: NextFunction) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  app.useSecurityHeaders({
    contentSecurityPolicy: {
      directives: {
        fontSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:', 'blob:'],
        // the page plays stems that it decodes itself
        mediaSrc: ["'self'", 'blob:'],
        workerSrc: ["'self'", 'blob:'],
        // the local default is plain HTTP
        upgradeInsecureRequests: null,
      },
    },
    strictTransportSecurity: false,
  });
  const { corsOrigins } = config.http;
  if (corsOrigins.length > 0) {
    app.enableCors({ origin: [...corsOrigins], exposedHeaders: EXPOSED_HEADERS, maxAge: 600 });
  }
  app.useGlobalFilters(new ProblemFilter());
  app.useGlobalPipes(
    new ValidationPipe({
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      exceptionFactory: invalidFields,
    }),
  );
  serveDocs(app, config.http);
  // after CORS, which answers the browsers' own OPTIONS
  const express: Express = app.getHttpAdapter().getInstance();
  app.use(refuseOtherMethods(express));
  const server = app.getHttpServer();
  server.requestTimeout = LONGEST_UPLOAD_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  askBeforeContinue(server);
  answerUnreadableRequests(server);
  // we answer it, with a problem document
  Object.assign(server, { requireHostHeader: false });
}
