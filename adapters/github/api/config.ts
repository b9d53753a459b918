/** The addresses of one GitHub instance, and the credentials for it. */
export interface GitHubConfig {
  /** Without a trailing slash. */
  apiUrl: string;
  /** Base of clone URLs and of links, without a trailing slash. */
  gitUrl: string;
  auth: { appId: number; privateKey: string } | { token: string };
  /** Secrets that are valid for webhook signatures, newest first. Empty: every delivery is refused. */
  webhookSecrets: string[];
}
