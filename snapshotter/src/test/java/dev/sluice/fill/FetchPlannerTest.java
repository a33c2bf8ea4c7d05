package dev.sluice.fill;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fill.FetchPlanner.Limits;
import dev.sluice.fill.FetchPlanner.Plan;
import dev.sluice.fill.FetchPlanner.Want;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class FetchPlannerTest {
    private static final Limits LIMITS = new Limits(10, 200, 1000);

    private final List<Span> spans = new ArrayList<>();

    private record Span(long offset, long length, Want want) {}

    @Test
    void aSpanAloneIsFetchedAlone() {
        wanted(100, 50);

        assertThat(plan(0)).isEqualTo(new Plan(100, 150, List.of(0)));
    }

    @Test
    void wantedNeighboursJoinOnBothSides() {
        wanted(0, 100);
        wanted(100, 100);
        wanted(200, 100);

        assertThat(plan(1)).isEqualTo(new Plan(0, 300, List.of(0, 1, 2)));
    }

    @Test
    void aSmallGapIsFetchedForNothing() {
        wanted(0, 100);
        wanted(110, 100);
        wanted(221, 100);

        assertThat(plan(0)).isEqualTo(new Plan(0, 210, List.of(0, 1)));
        assertThat(plan(1)).isEqualTo(new Plan(0, 210, List.of(0, 1)));
        assertThat(plan(2)).isEqualTo(new Plan(221, 321, List.of(2)));
    }

    @Test
    void whatIsNotWantedIsAGap() {
        wanted(0, 100);
        present(100, 10);
        wanted(110, 100);
        present(210, 11);
        wanted(221, 100);

        assertThat(plan(0)).isEqualTo(new Plan(0, 210, List.of(0, 2)));
    }

    @Test
    void usefulSpansJoinBehindAsFarAsReadingAheadGoes() {
        useful(0, 100);
        wanted(100, 100);
        useful(200, 100);
        useful(300, 100);
        useful(400, 100);

        assertThat(plan(1)).isEqualTo(new Plan(100, 400, List.of(1, 2, 3)));
    }

    @Test
    void readingAheadCountsFromTheLastWantedSpan() {
        wanted(0, 100);
        useful(100, 150);
        wanted(250, 100);
        useful(350, 200);
        useful(550, 1);

        assertThat(plan(0)).isEqualTo(new Plan(0, 550, List.of(0, 1, 2, 3)));
    }

    @Test
    void aRequestHasABound() {
        for (int i = 0; i < 10; i++) {
            wanted(i * 300L, 300);
        }

        assertThat(plan(5)).isEqualTo(new Plan(900, 1800, List.of(3, 4, 5)));
        assertThat(plan(0)).isEqualTo(new Plan(0, 900, List.of(0, 1, 2)));
    }

    @Test
    void aSpanLongerThanTheBoundIsFetchedAlone() {
        wanted(0, 100);
        wanted(100, 5000);
        wanted(5100, 100);

        assertThat(plan(1)).isEqualTo(new Plan(100, 5100, List.of(1)));
    }

    @Test
    void spansThatShareAByteShareARequest() {
        wanted(0, 101);
        wanted(100, 101);
        wanted(200, 100);

        assertThat(plan(1)).isEqualTo(new Plan(0, 300, List.of(0, 1, 2)));
    }

    @Test
    void aSpanInsideOfAnotherHasItsOwnRequest() {
        wanted(0, 300);
        wanted(100, 50);
        wanted(300, 50);

        assertThat(plan(0)).isEqualTo(new Plan(0, 350, List.of(0, 2)));
        assertThat(plan(1)).isEqualTo(new Plan(100, 150, List.of(1)));
    }

    @Test
    void limitsFollowTheLinkWithinBounds() {
        assertThat(Limits.of(0, 7, 16 << 20)).isEqualTo(new Limits(16 << 10, 7, 1 << 20));
        assertThat(Limits.of(600 << 10, 7, 16 << 20)).isEqualTo(new Limits(300 << 10, 7, 2400 << 10));
        assertThat(Limits.of(1L << 40, 7, 16 << 20)).isEqualTo(new Limits(512 << 10, 7, 16 << 20));
        assertThat(Limits.of(1L << 40, 7, 1000).request()).isEqualTo(1000);
    }

    @RepeatedTest(200)
    void aPlanHoldsItsRulesWhateverTheSpansAre() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int count = 1 + random.nextInt(40);
        for (int i = 0; i < count; i++) {
            spans.add(new Span(random.nextInt(3000), 1 + random.nextInt(400), anyWant(random)));
        }
        spans.sort(Comparator.comparingLong(Span::offset));
        Limits limits = new Limits(random.nextInt(50), random.nextInt(500), 1 + random.nextInt(2000));
        int start = random.nextInt(count);

        Plan plan = FetchPlanner.plan(asSpans(), start, limits);

        assertThat(plan.positions()).as("seed %d", seed).contains(start).isSorted();
        Span before = new Span(plan.from(), 0, Want.WANTED);
        for (int position : plan.positions()) {
            Span span = spans.get(position);
            assertThat(position == start || span.want != Want.NO)
                    .as("seed %d", seed)
                    .isTrue();
            assertThat(span.offset - (before.offset + before.length))
                    .as("seed %d gap", seed)
                    .isLessThanOrEqualTo(limits.gap());
            assertThat(span.offset + span.length)
                    .as("seed %d ends rise", seed)
                    .isGreaterThan(before.offset + before.length);
            before = span;
        }
        assertThat(spans.get(plan.positions().get(0)).offset)
                .as("seed %d", seed)
                .isEqualTo(plan.from());
        assertThat(before.offset + before.length).as("seed %d", seed).isEqualTo(plan.to());
        if (plan.positions().size() > 1) {
            assertThat(plan.to() - plan.from()).as("seed %d", seed).isLessThanOrEqualTo(limits.request());
        }
    }

    private static Want anyWant(Random random) {
        return switch (random.nextInt(3)) {
            case 0 -> Want.NO;
            case 1 -> Want.USEFUL;
            default -> Want.WANTED;
        };
    }

    private void wanted(long offset, long length) {
        spans.add(new Span(offset, length, Want.WANTED));
    }

    private void useful(long offset, long length) {
        spans.add(new Span(offset, length, Want.USEFUL));
    }

    private void present(long offset, long length) {
        spans.add(new Span(offset, length, Want.NO));
    }

    private Plan plan(int start) {
        return FetchPlanner.plan(asSpans(), start, LIMITS);
    }

    private FetchPlanner.Spans asSpans() {
        return new FetchPlanner.Spans() {
            @Override
            public int count() {
                return spans.size();
            }

            @Override
            public long offset(int position) {
                return spans.get(position).offset;
            }

            @Override
            public long length(int position) {
                return spans.get(position).length;
            }

            @Override
            public Want want(int position) {
                return spans.get(position).want;
            }
        };
    }
}
