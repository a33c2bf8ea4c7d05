/** Benchmarks: each figure stands beside one of the same bytes read in a plain way, in one run. */
@NullMarked
package dev.sluice.e2e.bench;

import org.jspecify.annotations.NullMarked;
