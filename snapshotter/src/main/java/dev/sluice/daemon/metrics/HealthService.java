package dev.sluice.daemon.metrics;

import dev.sluice.proto.grpc.health.HealthCheckRequest;
import dev.sluice.proto.grpc.health.HealthCheckResponse;
import dev.sluice.proto.grpc.health.HealthCheckResponse.ServingStatus;
import dev.sluice.proto.grpc.health.HealthGrpc;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.Set;

/**
 * gRPC's health protocol, {@code grpc.health.v1}: whether this daemon is ready, for the server as a whole and for its services. Nobody can
 * watch; who wants to know asks again.
 */
public final class HealthService extends HealthGrpc.HealthImplBase {
    private final Readiness readiness;
    private final Set<String> services;

    /** @param services their names; the empty one is the server */
    public HealthService(Readiness readiness, Set<String> services) {
        this.readiness = readiness;
        this.services = Set.copyOf(services);
    }

    @Override
    public void check(HealthCheckRequest request, StreamObserver<HealthCheckResponse> observer) {
        if (!request.getService().isEmpty() && !services.contains(request.getService())) {
            observer.onError(Status.NOT_FOUND
                    .withDescription("there is no service " + request.getService())
                    .asRuntimeException());
            return;
        }
        observer.onNext(HealthCheckResponse.newBuilder()
                .setStatus(readiness.ready().isWell() ? ServingStatus.SERVING : ServingStatus.NOT_SERVING)
                .build());
        observer.onCompleted();
    }
}
