#include "statistics/standing.h"

#include <math.h>

static bool is_better(double x, double y, bool higher) {
  return higher ? x > y : x < y;
}

static void take_means(const double *values, size_t images, size_t columns, const int *group, int of,
                       vx_standing *standings) {
  for (size_t c = 0; c < columns; c++) {
    vx_standing *s = &standings[c];
    *s = (vx_standing){.mean = 0};
    for (size_t i = 0; i < images; i++) {
      double value = values[i * columns + c];
      if ((group && group[i] != of) || isnan(value)) continue;
      s->mean += value;
      s->n++;
    }
    s->mean = s->n ? s->mean / (double)s->n : NAN;
  }
}

/* Gives the number of columns that have a rank. */
static int rank_columns(size_t columns, bool higher, vx_standing *standings) {
  int ranked = 0;
  for (size_t c = 0; c < columns; c++) {
    double mean = standings[c].mean;
    if (isnan(mean)) continue;
    ranked++;
    standings[c].rank = 1;
    for (size_t o = 0; o < columns; o++)
      standings[c].rank += is_better(standings[o].mean, mean, higher) || (o < c && standings[o].mean == mean);
  }
  return ranked;
}

static void stand_group(const vx_pair *pairs, size_t columns, bool higher, vx_standing *standings) {
  int ranked = rank_columns(columns, higher, standings);
  for (size_t c = 0; c < columns; c++) standings[c].level = standings[c].rank > 0;
  for (size_t k = 0; k < vx_pairs(columns); k++) {
    const vx_pair *p = &pairs[k];
    vx_standing *a = &standings[p->a], *b = &standings[p->b];
    if (!vx_pair_differs(p)) continue;
    if (a->rank == 1) b->level = false;
    if (b->rank == 1) a->level = false;
    if (p->difference == 0) continue; /* told apart, but no order between them */
    bool first = (p->difference > 0) == higher;
    (first ? a : b)->better_than++;
    (first ? b : a)->worse_than++;
  }
  for (size_t c = 0; c < columns; c++) {
    if (!standings[c].rank) continue;
    standings[c].low = 1 + standings[c].worse_than;
    standings[c].high = ranked - standings[c].better_than;
  }
}

void vx_stand(const double *values, size_t images, size_t columns, const int *group, size_t groups,
              const vx_pair *pairs, bool higher, vx_standing *standings) {
  for (size_t g = 0; g < groups; g++) {
    take_means(values, images, columns, group, (int)g, standings + g * columns);
    stand_group(pairs + g * vx_pairs(columns), columns, higher, standings + g * columns);
  }
}

size_t vx_pairs_at_odds(const vx_pair *pairs, size_t n) {
  size_t count = 0;
  for (size_t k = 0; k < n; k++)
    count += vx_pair_differs(&pairs[k]) && !(pairs[k].difference * pairs[k].effect.rank_biserial > 0);
  return count;
}
