#include "harness/run/progress.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"

void vx_progress_start(vx_progress *progress, FILE *to, bool terminal, int total, int before, int passed) {
  *progress = (vx_progress){
      .to = to, .terminal = terminal, .total = total, .before = before, .passed = passed, .start = vx_seconds()};
  progress->last = progress->start;
}

void vx_progress_clock(double seconds, char *text, size_t size) {
  long s = seconds < 0 ? 0 : seconds > 3e6 ? 3000000 : (long)(seconds + 0.5);
  if (s >= 3600)
    snprintf(text, size, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  else
    snprintf(text, size, "%ld:%02ld", s / 60, s % 60);
}

/* The line itself: "312/676 images, 91 through the gate, 5.2 images/s, 1:10 left"; `seconds` since the start. The time
   left is counted over what remains, at the rate of this session. */
static void print_line(const vx_progress *progress, double seconds, char *text, size_t size) {
  int done = progress->before + progress->done, left = progress->total - done;
  double rate = seconds > 0 ? progress->done / seconds : 0;
  char time[40];
  int length = snprintf(text, size, "%d/%d images, %d through the gate, %.1f images/s", done, progress->total,
                        progress->passed, rate);
  if (left <= 0 || rate <= 0 || length < 0 || (size_t)length >= size) return;
  vx_progress_clock(left / rate, time, sizeof time);
  snprintf(text + length, size - (size_t)length, ", %s left", time);
}

static int terminal_width(FILE *to) {
  struct winsize size;
  return ioctl(fileno(to), TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

static void draw_bar(vx_progress *progress, double seconds) {
  char text[160];
  print_line(progress, seconds, text, sizeof text);
  int width = terminal_width(progress->to), cells = 24;
  int done = progress->before + progress->done;
  int full = progress->total > 0 ? (int)((double)cells * done / progress->total) : cells;
  fputs("\r[", progress->to);
  for (int i = 0; i < cells; i++) fputc(i < full ? '#' : '.', progress->to);
  fprintf(progress->to, "] %.*s\033[K", width > cells + 5 ? width - cells - 5 : 0, text);
  fflush(progress->to);
  progress->drawn = true;
}

void vx_progress_step(vx_progress *progress, bool passed) {
  progress->done++;
  progress->passed += passed;
  if (!progress->to) return;
  double time = vx_seconds();
  bool last = progress->before + progress->done == progress->total;
  double pause = progress->terminal ? 0.1 : 30;
  if (!last && time - progress->last < pause) return;
  progress->last = time;
  if (progress->terminal) {
    draw_bar(progress, time - progress->start);
    return;
  }
  char text[160];
  print_line(progress, time - progress->start, text, sizeof text);
  fprintf(progress->to, "%s\n", text);
  fflush(progress->to);
}

void vx_progress_end(vx_progress *progress) {
  if (progress->drawn) fputc('\n', progress->to);
  progress->drawn = false;
}
