package dev.sluice.daemon.http;

import static io.netty.handler.codec.http.HttpHeaderNames.ACCEPT;
import static io.netty.handler.codec.http.HttpHeaderNames.ALLOW;
import static io.netty.handler.codec.http.HttpHeaderNames.CONTENT_LENGTH;
import static io.netty.handler.codec.http.HttpHeaderNames.CONTENT_TYPE;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers HTTP/1.1 requests for pages, away from the event loop. One for each connection. */
final class PageHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final Logger log = LoggerFactory.getLogger(PageHandler.class);

    private final Map<String, Page> pages;
    private final Executor executor;

    PageHandler(Map<String, Page> pages, Executor executor) {
        this.pages = pages;
        this.executor = executor;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
        boolean head = request.method().equals(HttpMethod.HEAD);
        boolean keepAlive = HttpUtil.isKeepAlive(request);
        if (!request.decoderResult().isSuccess()) {
            send(context, Page.Answer.text(400, "This is no HTTP request.\n"), false, false);
        } else if (!head && !request.method().equals(HttpMethod.GET)) {
            send(context, Page.Answer.text(405, "Pages are only read here.\n"), false, keepAlive);
        } else {
            String uri = request.uri();
            String path = uri.indexOf('?') < 0 ? uri : uri.substring(0, uri.indexOf('?'));
            Optional<String> accept = Optional.ofNullable(request.headers().get(ACCEPT));
            try {
                executor.execute(() -> send(context, answer(path, accept), head, keepAlive));
            } catch (RejectedExecutionException e) {
                log.debug("A request came while the daemon stops", e);
                ChannelFuture unused = context.close();
            }
        }
    }

    private Page.Answer answer(String path, Optional<String> accept) {
        Page page = pages.get(path);
        if (page == null) {
            return Page.Answer.text(
                    404,
                    "There is nothing at this path. There are: "
                            + String.join(" ", pages.keySet().stream().sorted().toList()) + "\n");
        }
        try {
            return page.get(accept);
        } catch (RuntimeException e) {
            log.error("Page {} cannot be made", path, e);
            return Page.Answer.text(500, "This page cannot be made now; the log says why.\n");
        }
    }

    private static void send(ChannelHandlerContext context, Page.Answer answer, boolean head, boolean keepAlive) {
        DefaultFullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.valueOf(answer.status()),
                head ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(answer.body()));
        response.headers().set(CONTENT_TYPE, answer.contentType()).set(CONTENT_LENGTH, answer.body().length);
        if (answer.status() == 405) {
            response.headers().set(ALLOW, "GET, HEAD");
        }
        HttpUtil.setKeepAlive(response, keepAlive);
        ChannelFuture sent = context.writeAndFlush(response);
        if (!keepAlive) {
            ChannelFuture unused = sent.addListener(ChannelFutureListener.CLOSE);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        log.debug("A connection for pages broke", cause);
        ChannelFuture unused = context.close();
    }
}
