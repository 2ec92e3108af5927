//! What a document teaches is looked for in its own free text, once all of it was read.

use super::Walk;
use super::splice::Free;
use crate::redact::Blocked;
use crate::redact::apply;
use crate::redact::json::Quoted;
use crate::redact::quoted;

/// The output with what the document named as personal replaced wherever it stands in free
/// text. None if it stands in none.
pub(super) fn replace(walk: &mut Walk<'_, '_>, shown: &str) -> Result<Option<String>, Blocked> {
    let Some(detection) = &walk.plan.detection else { return Ok(None) };
    trace(walk)?;
    let (mut out, mut copied) = (String::new(), 0);
    // Of the values that are remembered, those in which nothing stands.
    let mut without = Vec::new();
    let length = |free: &Free| free.place().len();
    walk.run.echo.expect(walk.free.iter().map(length).sum());
    for free in std::mem::take(&mut walk.free) {
        let (place, known) = (free.place(), free.known());
        if known.and_then(|known| without.get(known)).is_some_and(|without| *without) {
            continue;
        }
        let quoted = shown.get(place.clone()).ok_or(Blocked::Syntax)?;
        let text = Quoted::whole(quoted).ok_or(Blocked::Syntax)?.decode()?;
        if let Some(text) = apply::echoes(detection, walk.run, &text, &mut walk.findings) {
            walk.run.echo.show(&text);
            if out.capacity() == 0 {
                out.reserve(shown.len());
            }
            out.push_str(shown.get(copied..place.start).unwrap_or_default());
            quoted::write(&mut out, &text);
            copied = place.end;
            continue;
        }
        walk.run.echo.show(&text);
        if let Some(known) = known {
            if without.len() <= known {
                without.resize(known + 1, false);
            }
            if let Some(without) = without.get_mut(known) {
                *without = true;
            }
        }
    }
    walk.run.echo.end_part();
    if copied == 0 {
        return Ok(None);
    }
    out.push_str(shown.get(copied..).unwrap_or_default());
    Ok(Some(out))
}

/// Tells, where that is asked, where learned names stand in the source.
fn trace(walk: &mut Walk<'_, '_>) -> Result<(), Blocked> {
    let (Some(told), Some(trace)) = (walk.told, &mut walk.run.trace) else { return Ok(()) };
    for range in trace.take_free(told) {
        let quoted = walk.reader.source(range.start, range.end);
        let text = Quoted::whole(quoted).ok_or(Blocked::Syntax)?.decode()?;
        walk.findings.clear();
        walk.run.echo.find(&text, &mut walk.findings);
        trace.add_free(&walk.findings, range.start, quoted);
    }
    Ok(())
}
