/** The body is larger than the limit. */
export class BodyTooLargeError extends Error {}

/** The client sent too little for too long. */
export class UploadStalledError extends Error {}

/** The body is not a form. */
export class MalformedFormError extends Error {}
