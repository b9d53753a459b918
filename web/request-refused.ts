/** A request that did not come from a form of these pages, or without a valid session. Nothing was changed. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused';
  readonly status: 401 | 403 | 413 | 415 | 421 | 503;
  readonly remedy: string;
  constructor(status: RequestRefused['status'], message: string, remedy: string) {
    super(message);
    this.status = status;
    this.remedy = remedy;
  }
}
