import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Public } from '../access/public.decorator.js';
import { matchesEtag } from '../downloads/etag.js';
import { ProblemError } from '../problems/problem.error.js';
import type { Encoding, PageFile } from './page-files.js';

/**
 * Content Security Policy: the page plays stems from blobs; inline scripts and styles are off. The time stretcher is
 * WebAssembly, from this server: `wasm-unsafe-eval` lets it be compiled, and allows no eval of scripts.
 */
const PAGE_CSP =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; " +
  "worker-src 'self' blob:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; " +
  "frame-ancestors 'none'";

const IMMUTABLE = 'public, max-age=31536000, immutable';

export const PAGE = Symbol('PAGE');

export interface PageFiles {
  readonly index: PageFile;
  /** the others by their path: assets have hashed names, and those beside the page have fixed ones */
  readonly files: ReadonlyMap<string, PageFile>;
}

@ApiExcludeController()
@Public()
@Controller()
export class PageController {
  constructor(@Inject(PAGE) private readonly page: PageFiles) {}

  @Get()
  index(@Req() request: Request, @Res() response: Response): void {
    response.set({ 'Content-Security-Policy': PAGE_CSP, 'Cache-Control': 'no-cache' });
    send(this.page.index, request, response);
  }

  @Get('assets/:name')
  asset(@Param('name') name: string, @Req() request: Request, @Res() response: Response): void {
    this.sendFile(`assets/${name}`, IMMUTABLE, request, response);
  }

  /** What a browser needs to install the page. */
  @Get(['service-worker.js', 'manifest.webmanifest', 'icon-192.png', 'icon-512.png', 'icon-maskable.png'])
  installable(@Req() request: Request, @Res() response: Response): void {
    this.sendFile(request.path.slice(1), 'no-cache', request, response);
  }

  private sendFile(path: string, caching: string, request: Request, response: Response): void {
    const file = this.page.files.get(path);
    if (file === undefined) throw new ProblemError('not_found', 'There is no such file.');
    // a worker has the policy that its script comes with
    response.set({ 'Content-Security-Policy': PAGE_CSP, 'Cache-Control': caching });
    send(file, request, response);
  }
}

function send({ contentType, etag, bodies }: PageFile, request: Request, response: Response): void {
  response.set({ ETag: etag, Vary: 'Accept-Encoding', 'X-Content-Type-Options': 'nosniff' });
  if (matchesEtag(request.headers['if-none-match'], etag)) {
    response.status(304).end();
    return;
  }
  const available = Object.keys(bodies) as Encoding[];
  const accepted = request.acceptsEncodings(...available);
  const encoding = available.find((one) => one === accepted) ?? 'identity';
  const body = bodies[encoding] ?? bodies.identity;
  if (encoding !== 'identity') response.set('Content-Encoding', encoding);
  response.set({ 'Content-Type': contentType, 'Content-Length': String(body.length) });
  response.end(request.method === 'HEAD' ? undefined : body);
}
