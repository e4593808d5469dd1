import { Controller, Get, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { componentRef, type Limits, type Usage } from '@app/separations';
import type { ApiRequest } from '../context/api-request.js';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { AccountService } from './account.service.js';

@ApiTags('account')
@ApiSecurity('key')
@ApiSecurity('bearer')
@Controller('v1')
export class AccountController {
  constructor(private readonly account: AccountService) {}

  @Get('limits')
  @ApiOperation({ operationId: 'getLimits', summary: 'What your key may do, and the limits for you' })
  @ApiOkResponse({ schema: componentRef('LimitsDocument') })
  @ApiProblems('queue_unavailable')
  limits(@Req() request: ApiRequest): Promise<Limits> {
    return this.account.limits(request);
  }

  @Get('usage')
  @ApiOperation({
    operationId: 'getUsage',
    summary: 'How much of yours is stored; of everybody, for an administrator',
    description: 'Songs that were deleted count no longer.',
  })
  @ApiOkResponse({ schema: componentRef('UsageDocument') })
  @ApiProblems('queue_unavailable')
  usage(@Req() request: ApiRequest): Promise<Usage> {
    return this.account.usage(request);
  }
}
