import { Body, Controller, Delete, Get, HttpCode, Param, Post, Req, UseInterceptors } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiConsumes,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import {
  componentRef,
  type CreatedWebhook,
  type Delivery,
  type DeliveryList,
  type Webhook,
  type WebhookList,
} from '@app/separations';
import { audit } from '../access/audit-log.js';
import { NeedsScope } from '../access/needs-scope.decorator.js';
import { Owner, type ApiRequest } from '../context/api-request.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { JSON_TYPES, JsonBody } from '../separations/json-body.interceptor.js';
import { wantedWebhook } from './wanted-webhook.js';
import { DeliveryParams, WebhookParams } from './webhooks.dto.js';
import { WebhooksService } from './webhooks.service.js';

const OF_A_WEBHOOK = ['invalid_request', 'webhook_not_found', 'storage_unavailable', 'out_of_disk'] as const;

@ApiTags('webhooks')
@ApiSecurity('key')
@ApiSecurity('bearer')
@Controller('v1/webhooks')
export class WebhooksController {
  constructor(private readonly webhooks: WebhooksService) {}

  // what a webhook is told, the key could read
  @Post()
  @NeedsScope('separate', 'read')
  @UseInterceptors(JsonBody)
  @ApiOperation({
    operationId: 'createWebhook',
    summary: 'Be called when separations end',
    description:
      'Every separation of yours that ends from now on is sent there, signed by Standard Webhooks, at least once. ' +
      'The secret is shown only here.',
  })
  @ApiConsumes(...JSON_TYPES)
  @ApiBody({ required: true, schema: componentRef('NewWebhook') })
  @ApiCreatedResponse({ schema: componentRef('CreatedWebhook') })
  @ApiProblems(
    'invalid_request',
    'unknown_field',
    'unsupported_media_type',
    'invalid_url',
    'unknown_event',
    'address_refused',
    'too_many_webhooks',
    'busy',
    'queue_unavailable',
    'storage_unavailable',
    'out_of_disk',
  )
  async create(
    @Owner() owner: string | null,
    @Body() body: unknown,
    @Req() request: ApiRequest,
  ): Promise<CreatedWebhook> {
    const webhook = await this.webhooks.create(owner, wantedWebhook(body));
    audit('webhook created', request, undefined, webhook.id);
    return webhook;
  }

  @Get()
  @ApiOperation({ operationId: 'listWebhooks', summary: 'Your webhooks, oldest first' })
  @ApiOkResponse({ schema: componentRef('WebhookList') })
  @ApiProblems('invalid_request', 'storage_unavailable', 'out_of_disk')
  list(@Owner() owner: string | null): Promise<WebhookList> {
    return this.webhooks.list(owner);
  }

  @Get(':webhookId')
  @ApiOperation({ operationId: 'getWebhook', summary: 'One webhook' })
  @ApiOkResponse({ schema: componentRef('WebhookDocument') })
  @ApiProblems(...OF_A_WEBHOOK)
  get(@Owner() owner: string | null, @Param() { webhookId }: WebhookParams): Promise<Webhook> {
    return this.webhooks.get(owner, webhookId);
  }

  @Delete(':webhookId')
  @HttpCode(204)
  @ApiOperation({ operationId: 'deleteWebhook', summary: 'Delete a webhook, with its deliveries' })
  @ApiNoContentResponse()
  @ApiProblems(...OF_A_WEBHOOK, 'queue_unavailable', 'busy')
  async remove(
    @Owner() owner: string | null,
    @Param() { webhookId }: WebhookParams,
    @Req() request: ApiRequest,
  ): Promise<void> {
    await this.webhooks.remove(owner, webhookId);
    audit('webhook deleted', request, undefined, webhookId);
  }

  @Get(':webhookId/deliveries')
  @ApiOperation({ operationId: 'listDeliveries', summary: 'What was sent to a webhook, newest first' })
  @ApiOkResponse({ schema: componentRef('DeliveryList') })
  @ApiProblems(...OF_A_WEBHOOK)
  deliveries(@Owner() owner: string | null, @Param() { webhookId }: WebhookParams): Promise<DeliveryList> {
    return this.webhooks.deliveries(owner, webhookId);
  }

  @Post(':webhookId/deliveries/:n/redeliver')
  @NeedsScope('separate', 'read')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'redeliver',
    summary: 'Send a delivery again',
    description: 'Also one that has not ended, without waiting for its next attempt.',
  })
  @ApiAcceptedResponse({ schema: componentRef('DeliveryDocument') })
  @ApiProblems(...OF_A_WEBHOOK, 'delivery_not_found', 'queue_unavailable')
  redeliver(@Owner() owner: string | null, @Param() { webhookId, n }: DeliveryParams): Promise<Delivery> {
    return this.webhooks.redeliver(owner, webhookId, n);
  }
}
