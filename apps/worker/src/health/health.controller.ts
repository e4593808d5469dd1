import { RedisConnections } from '@app/queue';
import { ObjectStore } from '@app/storage';
import { Controller, Get, Header, Res } from '@nestjs/common';
import type { Response } from 'express';
import { EngineClient, type EngineState } from '../engine/engine.client.js';

const TIMEOUT_MS = 2000;

type Check = { readonly status: 'up' } | { readonly status: 'down'; readonly reason: string };

/** `live`: the process answers. `ready`: its engine, Redis and the object store do too. */
@Controller('health')
export class HealthController {
  constructor(
    private readonly engine: EngineClient,
    private readonly connections: RedisConnections,
    private readonly store: ObjectStore,
  ) {}

  @Get('live')
  @Header('Cache-Control', 'no-store')
  live(): { readonly status: 'ok' } {
    return { status: 'ok' };
  }

  /** 503 names what is down and why. */
  @Get('ready')
  async ready(@Res() response: Response): Promise<void> {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const [redis, store] = await Promise.all([
      check(this.connections.ping(signal)),
      check(this.store.ping({ signal })),
    ]);
    const checks = { engine: checkEngine(this.engine.state), redis, store };
    const isReady = Object.values(checks).every(({ status }) => status === 'up');
    response
      .status(isReady ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({ status: isReady ? 'ok' : 'error', checks });
  }
}

function checkEngine(state: EngineState): Check {
  switch (state.state) {
    case 'ready':
      return { status: 'up' };
    case 'unavailable':
      return { status: 'down', reason: state.reason };
    case 'starting':
    case 'stopped':
      return { status: 'down', reason: state.state };
  }
}

async function check(call: Promise<unknown>): Promise<Check> {
  try {
    await call;
    return { status: 'up' };
  } catch (error) {
    return { status: 'down', reason: error instanceof Error ? error.message : String(error) };
  }
}
