package dev.sluice.registry;

import java.io.IOException;
import java.util.Map;
import java.util.Set;

/** A read that no mirror may answer, for what comes back is going to be changed. */
record OfRegistryItself<T>(ApiRequest<T> read) implements ApiRequest<T> {
    @Override
    public String action() {
        return read.action();
    }

    @Override
    public String method() {
        return read.method();
    }

    @Override
    public String path() {
        return read.path();
    }

    @Override
    public Map<String, String> headers() {
        return read.headers();
    }

    @Override
    public String scope() {
        return read.scope();
    }

    @Override
    public Set<Capability> needs() {
        return read.needs();
    }

    @Override
    public boolean onlyItself() {
        return true;
    }

    @Override
    public boolean accepts(int status) {
        return read.accepts(status);
    }

    @Override
    public T handle(Exchange exchange, Task task) throws IOException {
        return read.handle(exchange, task);
    }
}
