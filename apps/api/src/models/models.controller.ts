import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { componentRef, type ModelList } from '@app/separations';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { ModelCatalogues } from './model-catalogue.js';

@ApiTags('models')
@ApiSecurity('key')
@ApiSecurity('bearer')
@Controller('v1/models')
export class ModelsController {
  constructor(private readonly catalogues: ModelCatalogues) {}

  @Get()
  @ApiOperation({
    operationId: 'listModels',
    summary: 'The models, their stems, and whether a running worker has them',
  })
  @ApiOkResponse({ schema: componentRef('ModelList') })
  @ApiProblems('queue_unavailable')
  async list(): Promise<ModelList> {
    const { entries, notice } = await this.catalogues.current();
    return { models: entries, ...(notice === undefined ? {} : { notice }) };
  }
}
