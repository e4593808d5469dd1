/** The server writes its own limit into the page. @throws if the page has none */
function maxUploadBytes(): number {
  const content = document.querySelector<HTMLMetaElement>('meta[name="max-upload-bytes"]')?.content;
  if (content === undefined) throw new Error('the page has no max-upload-bytes');
  return Number(content);
}

export const MAX_UPLOAD_BYTES = maxUploadBytes();
