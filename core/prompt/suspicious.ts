import { oneLine } from '../publish/escape.ts';
import { withoutHidden } from '../text/hidden.ts';

/** A sentence that gives orders where only data is expected. */
export interface Suspicion {
  /** 1-based. */
  line: number;
  what: string;
  excerpt: string;
}

/**
 * Forms of orders that text from outside gives to an agent (R44). The list is kept with a corpus of texts
 * (test/unit/core/prompt/suspicious-corpus.yaml): it finds what is written plainly, in English, and no more. A person decides what it means.
 */
const forms: [what: string, form: RegExp][] = [
  [
    'tells to ignore other instructions',
    /\b(?:ignore|disregard|forget|override|supersede|do not follow|don't follow|stop following|pay no attention to)\b[^.\n]{0,60}\b(?:instructions?|prompts?|rules|guidelines|constraints?|policy|policies|directions|(?:the|your) task(?! list)|everything above|you were told)\b|\b(?:rules|instructions|constraints)\b[^.\n]{0,40}\b(?:do not|don't|no longer) apply to (?:you|this)\b|\b(?:disregard|ignore|forget) (?:everything|all|anything) (?:above|before|else)\b/i,
  ],
  [
    'speaks as somebody else',
    /^[\s>*_#-]{0,20}(?:system|developer|assistant|admin(?:istrator)?)\s{0,5}(?:prompt|message|note|override)?\s{0,5}:|<\|(?:im_start|system|user|assistant)|<\/?(?:system|instructions?|important)>|\[\/?INST\]|<<SYS>>|\byou are now\b|\b(?:new|real|actual|updated) instructions?\b\s{0,5}:|\b(?:note|message|attention|instructions?|hint)\b\s{0,3}(?::|for|to)?\s{0,3}(?:the |all |any )?(?:AIs?|LLMs?|AI assistants?|AI agents?|coding agents?|coding assistants?|language models?)\b|\bif you are an? (?:AI|LLM|language model|coding agent|coding assistant|assistant)\b|\bas your (?:developer|administrator|operator|owner|creator)\b/i,
  ],
  [
    'asks to hide something from people',
    /\b(?:do not|don't|don’t|never|without)\b[^.\n]{0,40}\b(?:tell(?:ing)?|mention(?:ing)?|inform(?:ing)?|reveal(?:ing)?|notify(?:ing)?|alert(?:ing)?|disclos(?:e|ing))\b[^.\n]{0,60}\b(?:(?:the|any|your) users?|humans?|person|people|reviewers?|approvers?|anyone|anybody|maintainers?|team|pull request|description|summary|changelog)\b|\b(?:secretly|covertly|stealthily)\b|\bhide (?:this|it|that) from\b|\bhidden from (?:the )?(?:users?|reviewers?|maintainers?|approvers?|team|people|humans?)\b|\bleave no trace\b/i,
  ],
  [
    'asks for secrets, or to send data away',
    /\b(?:send|post|upload|exfiltrate|leak|transmit|e-?mail|print|include|embed|encode|append|dump|paste)\b[^.\n]{0,80}\b(?:secrets?|credentials?|passwords?|api[ _-]?keys?|access tokens|environment variables|private keys?|ssh keys?)\b|\b(?:send|post|upload|append|paste|read|cat)\b[^\n]{0,60}(?:\s|\/)\.env\b|~\/\.(?:ssh|aws|config|netrc)\b|\/etc\/(?:passwd|shadow)\b|\bid_rsa\b|\b(?:printenv|env)\s{0,5}\|\s{0,5}(?:curl|nc|wget|base64)\b|\]\(https?:[^)\s]{0,200}\$\{?[A-Z]/i,
  ],
  [
    'asks to turn checks off',
    /\b(?:disable|bypass|circumvent|turn off|switch off|get around|get past|work around)\b[^.\n]{0,40}\b(?:tests?|checks?|verification|verify|ci|guard|sandbox|security|review(?:er)?s?|policy|approval)\b|--no-verify\b|\bskip (?:all |the )?(?:tests|checks|verification|review)\b|\b(?:comment out|weaken|delete) (?:all |the )?(?:failing )?(?:tests|assertions|checks)\b/i,
  ],
  [
    'runs a program from the network',
    /\b(?:curl|wget|iwr|invoke-webrequest)\b[^\n|]{0,200}\|\s{0,5}(?:sudo\s{1,5})?(?:ba|z|da|k)?sh\b|\b(?:ba)?sh\s{1,5}<\(\s{0,5}curl\b|\bbase64\s{1,5}(?:-d|-D|--decode)\b|\beval\s{0,5}\(\s{0,5}atob\b|\/dev\/tcp\/|\b(?:npm|pnpm|yarn|pip|pip3)\s{1,5}(?:install|add|i)\s{1,5}https?:/i,
  ],
  [
    'asks for an approval or a merge',
    /\b(?:approve|auto-?approve|merge|auto-?merge)\b[^.\n]{0,30}\b(?:this|the|my)\b[^.\n]{0,20}\b(?:pull request|pr|run|plan)\b|^[\s>]{0,20}\/drydock\b|\bpush (?:directly |straight )to (?:main|master|production)\b|\bmark (?:this|the|it)\b[^.\n]{0,20}\bas (?:approved|verified|safe|passed)\b/i,
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
  const lines = text.split('\n');
  for (const [i, line] of lines.entries()) {
    if (found.length >= maxFound) break;
    for (let at = 0; at < Math.max(1, line.length); at += maxLine) {
      // A form that two pieces share is found in their overlap, and one that a line break cuts with the beginning of the next line.
      const piece = line.slice(Math.max(0, at - 300), at + maxLine);
      const next = at + maxLine < line.length ? '' : ` ${(lines[i + 1] ?? '').slice(0, 100)}`;
      const first = firstOf(piece, next, only);
      if (!first) continue;
      const { what, index } = first;
      const excerpt = oneLine(piece.slice(Math.max(0, index - 20))).slice(0, maxExcerpt);
      found.push({ line: i + 1, what, excerpt: excerpt.toWellFormed() });
      break;
    }
  }
  return found;
}

/** The first form that begins in a piece, read as it is and as it looks: without what is not seen, in plain letters. */
function firstOf(piece: string, next: string, only: typeof forms): { what: string; index: number } | undefined {
  const seen = withoutHidden(piece).normalize('NFKC');
  for (const [what, form] of only) {
    const index = form.exec(piece + next)?.index ?? piece.length;
    if (index < piece.length) return { what, index };
    if (seen !== piece && form.test(seen)) return { what, index: 0 };
  }
  return undefined;
}

/** The lines of a change that give orders to agents. */
export const ordersToAgents = (text: string): Suspicion[] => suspicious(text, forAgents);
