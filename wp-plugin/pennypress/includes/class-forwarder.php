<?php
/**
 * Passes a visitor's call on to the service, and the answer back.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * One call: checked, signed, sent, and its answer told piece by piece as it comes.
 */
final class Forwarder {

	/** Bytes of a body, as in the service. */
	const MOST_BYTES = 65536;

	/** Seconds after which a stream is ended; the widget takes it up again. */
	const LONGEST_STREAM = 600;

	/** Seconds for any other call: a service that hangs must not take all of a small host's PHP processes with it. */
	const LONGEST_CALL = 15;

	/** What the service answers with; anything else at its address is not the service. */
	const CONTENT_TYPES = array( 'text/event-stream', 'application/json', 'application/problem+json' );

	/**
	 * Whether a piece of the service's answer has been passed on.
	 *
	 * @var bool
	 */
	private $answering = false;

	/**
	 * The last two bytes of a stream of events; null while no stream has begun.
	 *
	 * @var string|null
	 */
	private $end;

	/**
	 * Answers this request for a route of ours.
	 *
	 * @param string $route Such as `chat`.
	 */
	public static function answer( $route ) {
		( new self() )->run( $route );
	}

	/**
	 * Answers, with a problem if need be.
	 *
	 * @param string $route Such as `chat`.
	 */
	private function run( $route ) {
		self::free_what_a_stream_does_not_need( Routes::streams( $route ) );
		try {
			$settings  = Settings::all();
			$transport = Transport::best();
			$method    = Incoming::method( $route );
			$body      = Incoming::body( $method, $settings['site_key'] );
			if ( ! $transport || ! Settings::complete( $settings ) ) {
				throw Problem::unavailable();
			}
			$url = $settings['service_url'] . '/api/v1/' . $route . ( 'POST' === $method ? '' : '?site=' . rawurlencode( $settings['site_key'] ) );
			$transport->send(
				array(
					'method'  => $method,
					'url'     => $url,
					'headers' => array_merge( Incoming::headers(), Signature::headers( $settings['secret'], $body ) ),
					'body'    => $body,
					'connect' => 5,
					'total'   => Routes::streams( $route ) ? self::LONGEST_STREAM : self::LONGEST_CALL,
				),
				array( $this, 'head' ),
				array( $this, 'piece' ),
				array( $this, 'idle' )
			);
			if ( ! $this->answering ) {
				throw Problem::unavailable();
			}
		} catch ( Problem $problem ) {
			self::send_head( $problem->status, 'application/problem+json' );
			echo $problem->json(); // phpcs:ignore WordPress.Security.EscapeOutput -- JSON, told as such.
		}
	}

	/**
	 * Takes the service's status and headers.
	 *
	 * @param int                   $status  The HTTP status.
	 * @param array<string, string> $headers By name in lower case.
	 * @return bool Whether to go on.
	 */
	public function head( $status, array $headers ) {
		$type  = isset( $headers['content-type'] ) ? $headers['content-type'] : '';
		$known = in_array( strtolower( trim( (string) strtok( $type, ';' ) ) ), self::CONTENT_TYPES, true );
		if ( 204 !== $status && ! $known || $status >= 300 && $status < 400 ) {
			return false;
		}
		$this->answering = true;
		$this->end       = 0 === strpos( $type, self::CONTENT_TYPES[0] ) ? "\n\n" : null;
		self::send_head( $status, $known ? $type : '' );
		foreach ( array( 'Retry-After', 'X-Pennypress-Visitor' ) as $name ) {
			if ( isset( $headers[ strtolower( $name ) ] ) ) {
				header( $name . ': ' . $headers[ strtolower( $name ) ] );
			}
		}
		return true;
	}

	/**
	 * Passes a piece of the answer on at once.
	 *
	 * @param string $piece Some bytes.
	 * @return bool Whether the visitor is still there.
	 */
	public function piece( $piece ) {
		echo $piece; // phpcs:ignore WordPress.Security.EscapeOutput -- the service's JSON or events, told as such.
		flush();
		if ( null !== $this->end ) {
			$this->end = substr( $this->end . $piece, -2 );
		}
		return ! connection_aborted();
	}

	/**
	 * Nothing has come for a moment: finds out whether the visitor is still there. PHP only sees that when it writes, so a
	 * comment is written, where one may stand: between two events.
	 *
	 * @return bool Whether the visitor is still there.
	 */
	public function idle() {
		return "\n\n" === $this->end ? $this->piece( ":\n\n" ) : true;
	}

	/**
	 * Sends status and headers. Nothing between here and the visitor may keep, gather or repack the answer.
	 *
	 * @param int    $status The HTTP status.
	 * @param string $type   The content type, if there is content.
	 */
	private static function send_head( $status, $type ) {
		header_remove( 'Last-Modified' );
		header_remove( 'Expires' );
		header_remove( 'Pragma' );
		header_remove( 'X-Powered-By' );
		status_header( $status );
		if ( '' === $type ) {
			ini_set( 'default_mimetype', '' ); // phpcs:ignore WordPress.PHP.IniSet -- or PHP would add text/html.
			header_remove( 'Content-Type' );
		} else {
			header( 'Content-Type: ' . $type );
		}
		header( 'Cache-Control: no-store, no-transform' );
		header( 'X-Accel-Buffering: no' );
		header( 'X-Content-Type-Options: nosniff' );
		header( 'X-Robots-Tag: noindex' );
	}

	/**
	 * Lets go of everything that would hold the words back, or be held for as long as the stream is open.
	 *
	 * @param bool $streams Whether the answer may take long.
	 */
	private static function free_what_a_stream_does_not_need( $streams ) {
		global $wpdb;
		// phpcs:disable WordPress.PHP.NoSilencedErrors, WordPress.PHP.IniSet, Generic.PHP.NoSilencedErrors -- hosts forbid some of these, and an error here must not reach the visitor.
		ignore_user_abort( true ); // A visitor who leaves is noticed in piece(), so that the service hears of it.
		if ( function_exists( 'set_time_limit' ) ) {
			@set_time_limit( self::LONGEST_STREAM + 30 );
		}
		@ini_set( 'zlib.output_compression', '0' );
		@ini_set( 'display_errors', '0' );
		if ( function_exists( 'apache_setenv' ) ) {
			@apache_setenv( 'no-gzip', '1' );
		}
		// phpcs:enable
		if ( ! defined( 'DONOTCACHEPAGE' ) ) {
			define( 'DONOTCACHEPAGE', true );
		}
		if ( PHP_SESSION_ACTIVE === session_status() ) {
			session_write_close();
		}
		while ( ob_get_level() > 0 && @ob_end_clean() ) { // phpcs:ignore WordPress.PHP.NoSilencedErrors -- a buffer may be unremovable.
			continue;
		}
		if ( $streams ) {
			// What is asked of the database is asked now; then its connection is free for others while words arrive.
			Incoming::visitor();
			$wpdb->close();
		}
	}
}
