import { ValidationPipe } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { ApiConfig } from '@app/config';
import { dropStalled } from './context/drop-stalled.middleware.js';
import { keepForeignSitesOut } from './access/foreign-sites.middleware.js';
import { linger } from './context/linger.middleware.js';
import { requestId } from './context/request-id.middleware.js';
import { serveDocs } from './docs/docs.js';
import { invalidFields } from './problems/invalid-fields.js';
import { ProblemFilter } from './problems/problem.filter.js';
import { LONGEST_UPLOAD_MS } from './uploads/longest-upload.js';

/** longer than the usual idle time-out of a load balancer, which must not meet a connection that just closed */
const KEEP_ALIVE_MS = 65_000;

/** what scripts of other origins may read of an answer */
const EXPOSED_HEADERS = [
  'Location',
  'Retry-After',
  'x-request-id',
  'Content-Disposition',
  'ETag',
  'Content-Range',
  'X-Peak-Db',
];

/** All that main and the specs need alike to make the app a server. */
export function configureApp(app: NestExpressApplication, config: ApiConfig): void {
  app.set('trust proxy', config.http.trustedProxies);
  app.set('query parser', 'simple');
  app.set('etag', false);
  app.use(requestId, linger, dropStalled(config.http.downloadStallSeconds), keepForeignSitesOut(config.http));
  app.useSecurityHeaders({
    contentSecurityPolicy: {
      directives: {
        fontSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:', 'blob:'],
        // the page plays stems that it has decoded itself
        mediaSrc: ["'self'", 'blob:'],
        workerSrc: ["'self'", 'blob:'],
        // a laptop serves plain HTTP
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
  serveDocs(app);
  const server = app.getHttpServer();
  server.requestTimeout = LONGEST_UPLOAD_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
}
