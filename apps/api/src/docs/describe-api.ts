import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { openApiComponents } from '@app/separations';
import { addHeadOperations } from './head-operations.js';
import { operationsOf } from './operations.js';
import { addResponseHeaders } from './response-headers.js';

const DESCRIPTION =
  'Upload a song, follow its separation, download its stems. Errors are `application/problem+json` with a stable `code` ' +
  'and the `requestId`; what is no valid HTTP is refused likewise with 400, 408, 417 or 431. HEAD works wherever GET does.';

/** The OpenAPI 3.1 document of this server. */
export function describeApi(app: INestApplication, needsKey: boolean): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Music separation')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('/', 'this server')
    .addApiKey({ type: 'apiKey', in: 'header', name: 'x-api-key' }, 'key')
    .addBearerAuth({ type: 'http', scheme: 'bearer' }, 'bearer')
    .build();
  const document = SwaggerModule.createDocument(app, config);
  document.components = {
    ...document.components,
    schemas: { ...openApiComponents(), ...document.components?.schemas },
  };
  addHeadOperations(document);
  addResponseHeaders(document);
  if (!needsKey) allowWithoutKey(document);
  return document;
}

/** a server without API_KEYS_FILE ignores keys */
function allowWithoutKey(document: OpenAPIObject): void {
  for (const operation of operationsOf(document)) {
    if (operation.security !== undefined) operation.security = [{}, ...operation.security];
  }
}
