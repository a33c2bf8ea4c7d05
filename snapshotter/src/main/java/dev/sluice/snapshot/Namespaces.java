package dev.sluice.snapshot;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Takes containerd's namespace from a call's metadata into its context. */
final class Namespaces implements ServerInterceptor {
    private static final Metadata.Key<String> HEADER =
            Metadata.Key.of("containerd-namespace", Metadata.ASCII_STRING_MARSHALLER);
    private static final Pattern KEY = Pattern.compile("([A-Za-z0-9._-]+)/[0-9]+/.*", Pattern.DOTALL);
    private static final Context.Key<String> NAMESPACE = Context.key("containerd-namespace");

    /** The namespace of the call that this thread serves; empty if the client named none. */
    static String current() {
        return Optional.ofNullable(NAMESPACE.get()).orElse("");
    }

    /**
     * The same for a call about a snapshot. containerd 1.6 names no namespace to a proxy plugin, but its keys are
     * {@code namespace/number/key}.
     */
    static String of(String key) {
        String named = current();
        Matcher matcher = KEY.matcher(key);
        return named.isEmpty() && matcher.matches() ? matcher.group(1) : named;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        String namespace = Optional.ofNullable(headers.get(HEADER)).orElse("");
        return Contexts.interceptCall(Context.current().withValue(NAMESPACE, namespace), call, headers, next);
    }
}
