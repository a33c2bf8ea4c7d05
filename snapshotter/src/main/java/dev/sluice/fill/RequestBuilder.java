package dev.sluice.fill;

import dev.sluice.layer.Blob;
import dev.sluice.layer.SpanTable;
import java.util.ArrayList;
import java.util.List;

/** Turns queued flights of one layer into range requests, as {@link FetchPlanner} says. Guarded by the layer's lock. */
final class RequestBuilder {
    private final SpanTable table;
    private final DataDevice device;
    private final Flights flights;
    private final BlobOrder order;
    private final TransferEstimate estimate;
    private final long maxRequest;

    RequestBuilder(
            SpanTable table, DataDevice device, Flights flights, TransferEstimate estimate, FillOptions options) {
        this.table = table;
        this.device = device;
        this.flights = flights;
        this.order = new BlobOrder(table);
        this.estimate = estimate;
        this.maxRequest = options.maxRequest();
    }

    /** The request that a queued flight goes with; all its flights are {@link Flight.State#FETCHING} then. */
    FetchRequest build(Flight seed) {
        List<Flight> chosen = new ArrayList<>();
        if (seed.restarted || seed.source == Blob.Source.OTHER) {
            chosen.add(seed);
        } else {
            FetchPlanner.Limits limits =
                    FetchPlanner.Limits.of(estimate.bandwidthDelayProduct(), seed.readAhead, maxRequest);
            FetchPlanner.Plan plan = FetchPlanner.plan(new PlannableSpans(seed), order.position(seed.span()), limits);
            for (int position : plan.positions()) {
                chosen.add(flights.readAhead(order.span(position)));
            }
        }
        int last = chosen.get(chosen.size() - 1).span();
        FetchRequest request = new FetchRequest(
                chosen,
                table.spanBlobOffset(chosen.get(0).span()),
                table.spanBlobOffset(last) + table.spanBlobLength(last),
                seed.source,
                seed.priority);
        for (Flight flight : chosen) {
            flight.state = Flight.State.FETCHING;
            flight.request = request;
        }
        return request;
    }

    /** The spans of the layer as the planner sees them, around one flight. */
    private final class PlannableSpans implements FetchPlanner.Spans {
        private final Flight seed;

        private PlannableSpans(Flight seed) {
            this.seed = seed;
        }

        @Override
        public int count() {
            return table.spanCount();
        }

        @Override
        public long offset(int position) {
            return table.spanBlobOffset(order.span(position));
        }

        @Override
        public long length(int position) {
            return table.spanBlobLength(order.span(position));
        }

        @Override
        public FetchPlanner.Want want(int position) {
            int span = order.span(position);
            Flight flight = flights.ofSpan(span);
            if (flight == null) {
                return seed.readAhead > 0 && isAbsent(span) ? FetchPlanner.Want.USEFUL : FetchPlanner.Want.NO;
            }
            if (flight.state != Flight.State.QUEUED || flight.source == Blob.Source.OTHER || flight.restarted) {
                return FetchPlanner.Want.NO;
            }
            return flight.priority.compareTo(seed.priority) <= 0 ? FetchPlanner.Want.WANTED : FetchPlanner.Want.USEFUL;
        }

        private boolean isAbsent(int span) {
            for (int i = 0; i < table.spanExtentCount(span); i++) {
                int extent = table.spanExtent(span, i);
                if (!device.isPresent(table.extentDeviceOffset(extent), table.extentLength(extent))) {
                    return true;
                }
            }
            return false;
        }
    }
}
