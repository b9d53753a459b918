import type { Activity } from '../../pipeline/service/activity.ts';
import { activityText } from '../html/follow.ts';
import { count } from '../html/format.ts';
import { page } from '../html/layout.ts';
import { type Markup, markup, runPath } from '../html/markup.ts';
import type { PageContext } from '../options.ts';

/** The agent's messages and tool calls, phase by phase, as reported by its sandbox (R32). */
export function activityPage(
  context: PageContext,
  run: { runId: string; taskId: string },
  phases: readonly Activity[],
): Markup {
  const body = markup`<p class="trail"><a href="${runPath(run.runId)}">${run.taskId}</a> · Activity</p>
<div class="head"><h1>Agent activity</h1></div>
<p class="quiet">Reported by the agent's sandbox: telemetry, not evidence.</p>
${phases.length === 0 && markup`<p class="empty">No phase has ended yet.</p>`}
${phases.map(
  ({ phaseKey, events }) =>
    markup`<section><h2>${phaseKey.slice(phaseKey.indexOf('/') + 1)} <span class="quiet">${count(events.length, 'event')}</span></h2><ol class="timeline">${events.map(
      (event) =>
        markup`<li><span class="kind">${event.type}</span> <span class="text">${activityText(event)}</span></li>`,
    )}</ol></section>`,
)}`;

  return page(context, { title: `${run.taskId}: activity`, at: '/runs', body });
}
