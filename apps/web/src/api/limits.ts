// what the server says of itself in the page's head

/** @throws where the page is not the one that the server writes */
function meta(name: string): string {
  const content = document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content;
  if (content === undefined) throw new Error(`the page has no ${name}`);
  return content;
}

export const MAX_UPLOAD_BYTES = Number(meta('max-upload-bytes'));
