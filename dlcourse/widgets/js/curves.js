// The costs over the epochs: training solid, validation dashed, a mark at the epoch that is shown.

export function drawCurves(context, frames, place, { x, y, width, height, ink, quiet, training, validation }) {
  const top = limit(frames);
  const across = (epoch) => x + (width * epoch) / Math.max(frames.length - 1, 1);
  const up = (cost) => y + height - (height * Math.min(cost, top)) / top;
  context.strokeStyle = quiet;
  context.fillStyle = quiet;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x, y + height);
  context.lineTo(x + width, y + height);
  context.stroke();
  context.textAlign = "right";
  context.fillText(top.toPrecision(2), x - 5, y + 5);
  context.fillText("0", x - 5, y + height);
  context.textAlign = "center";
  context.fillText("epoch", x + width / 2, y + height + 18);
  context.fillText(String(frames.length - 1), x + width, y + height + 18);
  for (const [name, colour, dash] of [["cost", training, []], ["val_cost", validation, [7, 4]]]) {
    context.strokeStyle = colour;
    context.lineWidth = 2.2;
    context.setLineDash(dash);
    context.beginPath();
    frames.slice(0, place + 1).forEach((frame, epoch) => {
      if (frame[name] !== null) context.lineTo(across(epoch), up(frame[name]));
    });
    context.stroke();
  }
  context.setLineDash([]);
  context.strokeStyle = ink;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(across(place), y);
  context.lineTo(across(place), y + height);
  context.stroke();
}

// A run that explodes leaves the picture instead of flattening the rest.
function limit(frames) {
  const costs = frames.flatMap((frame) => [frame.cost, frame.val_cost]).filter((cost) => Number.isFinite(cost));
  return 1.05 * Math.min(Math.max(...costs), 3 * Math.max(frames[0].cost, frames[0].val_cost)) || 1;
}
