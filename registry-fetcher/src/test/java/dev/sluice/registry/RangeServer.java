package dev.sluice.registry;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.RecordedRequest;

/** Reads the range out of each request for a blob and leaves the answer to a test. */
abstract class RangeServer extends Dispatcher {
    private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d+)");

    private final AtomicInteger requests = new AtomicInteger();

    /** What a request asks for, in bytes. */
    record Range(int offset, int length) {}

    static Range rangeOf(RecordedRequest request) {
        Matcher range = RANGE.matcher(String.valueOf(request.getHeaders().get("Range")));
        if (!range.matches()) {
            throw new AssertionError("no range in " + request);
        }
        int offset = Integer.parseInt(range.group(1));
        return new Range(offset, Integer.parseInt(range.group(2)) - offset + 1);
    }

    /** @param request counts from 0 */
    abstract MockResponse answer(int request, int offset, int length);

    @Override
    public MockResponse dispatch(RecordedRequest request) {
        Range range = rangeOf(request);
        return answer(requests.getAndIncrement(), range.offset, range.length);
    }
}
