declare module '*.mp3?url' {
  const url: string;
  export default url;
}

/** Made by vite.config.ts. */
declare module 'virtual:stretch-library' {
  export const wasmUrl: string;
  export const names: Readonly<Record<string, string>>;
}

interface ImportMeta {
  readonly env: { readonly PROD: boolean };
}
