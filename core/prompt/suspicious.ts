import { oneLine } from '../publish/escape.ts';

/** A sentence that gives orders where only data is expected. */
export interface Suspicion {
  /** 1-based. */
  line: number;
  what: string;
  excerpt: string;
}

/**
 * Forms of orders that text from outside gives to an agent (R44). The list is short and honest: it finds what is written
 * plainly, in English, and no more. A person decides what it means.
 */
const forms: [what: string, form: RegExp][] = [
  [
    'tells to ignore other instructions',
    /\b(?:ignore|disregard|forget|override|supersede)\b[^.\n]{0,60}\b(?:instructions?|prompts?|rules|guidelines|constraints?|policy|policies|directions|task)\b/i,
  ],
  [
    'speaks as somebody else',
    /^[\s>*_#-]{0,20}(?:system|developer|assistant|admin(?:istrator)?)\s{0,5}(?:prompt|message|note|override)?\s{0,5}:|<\|(?:im_start|system|user|assistant)|<\/?(?:system|instructions?|important)>|\[\/?INST\]|<<SYS>>|\byou are now\b|\b(?:new|real|actual|updated) instructions?\b\s{0,5}:/i,
  ],
  [
    'asks to hide something from people',
    /\b(?:do not|don't|don’t|never|without)\b[^.\n]{0,40}\b(?:tell(?:ing)?|mention(?:ing)?|inform(?:ing)?|reveal(?:ing)?|notify(?:ing)?|alert(?:ing)?|disclos(?:e|ing))\b[^.\n]{0,60}\b(?:users?|humans?|person|people|reviewers?|approvers?|anyone|anybody|maintainers?|team)\b|\b(?:secretly|covertly|stealthily)\b|\bhide (?:this|it|that) from\b/i,
  ],
  [
    'asks for secrets, or to send data away',
    /\b(?:send|post|upload|exfiltrate|leak|transmit|e-?mail|print|include|embed|encode|append)\b[^.\n]{0,80}\b(?:secrets?|credentials?|passwords?|api[ _-]?keys?|access tokens?|environment variables?|private keys?|ssh keys?|\.env)\b|~\/\.(?:ssh|aws|config|netrc)\b|\/etc\/(?:passwd|shadow)\b|\bid_rsa\b/i,
  ],
  [
    'asks to turn checks off',
    /\b(?:disable|bypass|circumvent|turn off|switch off|get around|work around)\b[^.\n]{0,40}\b(?:tests?|checks?|verification|verify|ci|guard|sandbox|security|review(?:er)?s?|policy|approval)\b/i,
  ],
  [
    'runs a program from the network',
    /\b(?:curl|wget|iwr|invoke-webrequest)\b[^\n|]{0,200}\|\s{0,5}(?:sudo\s{1,5})?(?:ba|z|da|k)?sh\b|\b(?:ba)?sh\s{1,5}<\(\s{0,5}curl\b|\bbase64\s{1,5}(?:-d|-D|--decode)\b/i,
  ],
  [
    'asks for an approval or a merge',
    /\b(?:approve|auto-?approve|merge|auto-?merge)\b[^.\n]{0,30}\b(?:this|the|my)\b[^.\n]{0,20}\b(?:pull request|pr|change|run|plan)\b|^[\s>]{0,20}\/drydock\b/i,
  ],
  ['has a long encoded text', /[A-Za-z0-9+/_-]{300}/],
];

/** Orders to an agent that text of a change has no reason to give. */
const forAgents = forms.slice(0, 3);

/** More lines say nothing more. */
const maxFound = 10;
const maxLine = 2_000;
const maxExcerpt = 160;

/** The suspicious lines of a text. @param only Forms to look for. */
export function suspicious(text: string, only: typeof forms = forms): Suspicion[] {
  const found: Suspicion[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (found.length >= maxFound) break;
    for (let at = 0; at < line.length; at += maxLine) {
      // A form that two pieces share is found in their overlap.
      const piece = line.slice(Math.max(0, at - 300), at + maxLine);
      const form = only.find(([, each]) => each.test(piece));
      if (!form) continue;
      const start = Math.max(0, (form[1].exec(piece)?.index ?? 0) - 20);
      found.push({
        line: i + 1,
        what: form[0],
        excerpt: oneLine(piece.slice(start)).slice(0, maxExcerpt).toWellFormed(),
      });
      break;
    }
  }
  return found;
}

/** The lines of a change that give orders to agents. */
export const ordersToAgents = (text: string): Suspicion[] => suspicious(text, forAgents);
