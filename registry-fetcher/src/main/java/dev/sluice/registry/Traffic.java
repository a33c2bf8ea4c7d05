package dev.sluice.registry;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import okhttp3.Call;
import okhttp3.EventListener;
import okhttp3.HttpUrl;
import okhttp3.Response;

/** Counts requests and what they bring, host by host: registries, their mirrors, token servers and what they redirect to. Safe for use by many threads. */
final class Traffic implements EventListener.Factory {
    /** An image's name decides which host is asked, so there may be any number. */
    private static final int MAX_HOSTS = 64;

    private final Map<String, Map<String, LongAdder>> requests = new ConcurrentHashMap<>();
    private final Map<String, LongAdder> received = new ConcurrentHashMap<>();

    @Override
    public EventListener create(Call call) {
        return new Counter(counted(authority(call.request().url())));
    }

    List<TrafficStatistics> requests() {
        return requests.entrySet().stream()
                .flatMap(host -> host.getValue().entrySet().stream()
                        .map(code -> new TrafficStatistics(
                                host.getKey(), code.getKey(), code.getValue().sum())))
                .toList();
    }

    List<TrafficStatistics.Received> received() {
        return received.entrySet().stream()
                .map(host -> new TrafficStatistics.Received(
                        host.getKey(), host.getValue().sum()))
                .toList();
    }

    /** The host, and the port unless it is that of the scheme: a node may have several registries on loopback. */
    private static String authority(HttpUrl url) {
        String host = url.host().indexOf(':') >= 0 ? "[" + url.host() + "]" : url.host();
        return url.port() == HttpUrl.defaultPort(url.scheme()) ? host : host + ":" + url.port();
    }

    private String counted(String host) {
        return requests.containsKey(host) || requests.size() < MAX_HOSTS ? host : TrafficStatistics.OTHERS;
    }

    private final class Counter extends EventListener {
        private final String host;

        Counter(String host) {
            this.host = host;
        }

        @Override
        public void responseHeadersEnd(Call call, Response response) {
            count(String.valueOf(response.code()));
        }

        @Override
        public void responseBodyEnd(Call call, long byteCount) {
            received.computeIfAbsent(host, key -> new LongAdder()).add(byteCount);
        }

        @Override
        public void callFailed(Call call, IOException failure) {
            count(TrafficStatistics.NO_ANSWER);
        }

        private void count(String code) {
            requests.computeIfAbsent(host, key -> new ConcurrentHashMap<>())
                    .computeIfAbsent(code, key -> new LongAdder())
                    .increment();
        }
    }
}
