import { Inject, Injectable } from '@nestjs/common';
import { shareOf } from '@app/concurrency';
import type { ApiConfig } from '@app/config';
import { QueueShares } from '@app/queue';
import { SongUsage } from '@app/separation-store';
import type { Limits, Usage } from '@app/separations';
import { mayDo, type AccessKey } from '../context/access-key.js';
import { callerOf } from '../access/client.js';
import { API_CONFIG } from '../config/api-config.module.js';
import { ownerOf, type ApiRequest } from '../context/api-request.js';
import { fromQueue } from '../problems/outages.js';

/** What a caller may use, and uses. */
@Injectable()
export class AccountService {
  constructor(
    private readonly shares: QueueShares,
    private readonly songs: SongUsage,
    @Inject(API_CONFIG) private readonly config: ApiConfig,
  ) {}

  async limits(request: ApiRequest): Promise<Limits> {
    const { limits, http } = this.config;
    return {
      key: request.key === undefined ? null : shown(request.key),
      uploadBytes: limits.maxUploadBytes,
      durationSeconds: limits.maxDurationSeconds,
      queuedSongs: shareOf(limits.maxQueued),
      queuedSongsNow: await fromQueue(() => this.shares.count(callerOf(request))),
      callsPerMinute: http.rateLimitPerMinute === 0 ? null : http.rateLimitPerMinute,
      retentionHours: limits.retentionHours === 0 ? null : limits.retentionHours,
    };
  }

  async usage(request: ApiRequest): Promise<Usage> {
    const isAdmin = request.key !== undefined && mayDo(request.key, 'admin');
    // without a limit for the whole: it takes a call to Redis for each thousand songs
    return { usage: isAdmin ? await this.songs.ofAll() : [await this.songs.of(ownerOf(request))] };
  }
}

function shown({ name, scopes, weight, expiresAt }: AccessKey): NonNullable<Limits['key']> {
  return { name, scopes, weight, ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt).toISOString() }) };
}
