import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../problems/api-problems.decorator.js';
import { ModelCatalogues, type CatalogueEntry } from './model-catalogue.js';
import { ModelList } from './models.dto.js';

interface Catalogue {
  readonly models: readonly CatalogueEntry[];
  readonly notice?: string;
}

@ApiTags('models')
@ApiSecurity('key')
@ApiSecurity('bearer')
@Controller('v1/models')
export class ModelsController {
  constructor(private readonly catalogues: ModelCatalogues) {}

  @Get()
  @ApiOperation({ summary: 'The models, their stems, and which of them a running worker has' })
  @ApiOkResponse({ type: ModelList })
  @ApiProblems('queue_unavailable')
  async list(): Promise<Catalogue> {
    const { entries, notice } = await this.catalogues.current();
    return { models: entries, ...(notice === undefined ? {} : { notice }) };
  }
}
