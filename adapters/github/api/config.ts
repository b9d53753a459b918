/** How to reach one GitHub, and as whom. */
export interface GitHubConfig {
  /** Without a slash at the end. */
  apiUrl: string;
  /** Base of clone URLs and of links, without a slash at the end. */
  gitUrl: string;
  auth: { appId: number; privateKey: string } | { token: string };
  /** What may sign webhooks, newest first; empty refuses all of them. */
  webhookSecrets: string[];
}
