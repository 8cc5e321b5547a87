<?php
/**
 * Finds out whether the service can be called, and if not, why.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * Makes the one call that changes nothing, in the same way as a visitor's call is made, and says in words what came of it.
 */
final class Connection_Test {

	/** Seconds that the service's clock may differ from this server's. */
	const CLOCK_TOLERANCE = 300;

	/** Bytes of an answer that are looked at. */
	const MOST_BYTES = 65536;

	/**
	 * Tests a connection.
	 *
	 * @param array<string, mixed> $settings As Settings::all() returns them.
	 * @return array{ok: bool, text: string, advice: string, answer?: array} What is the case, and what to do about it; the service's answer when all is well.
	 */
	public static function run( array $settings ) {
		$missing = self::missing( $settings );
		if ( $missing ) {
			return $missing;
		}
		$transport = Transport::best();
		if ( ! $transport ) {
			return self::bad(
				__( 'This PHP can call no other server: it has no curl extension, and allow_url_fopen is off.', 'pennypress' ),
				__( 'Ask your host to install the PHP extension “curl”.', 'pennypress' )
			);
		}
		$status  = 0;
		$headers = array();
		$text    = '';
		$failure = $transport->send(
			array(
				'method'  => 'GET',
				'url'     => $settings['service_url'] . '/api/v1/ping?site=' . rawurlencode( $settings['site_key'] ),
				'headers' => array_merge( array( 'Accept: application/json' ), Signature::headers( $settings['secret'], '' ) ),
				'body'    => '',
				'connect' => 5,
				'total'   => 10,
			),
			static function ( $found_status, $found_headers ) use ( &$status, &$headers ) {
				$status  = $found_status;
				$headers = $found_headers;
				return true;
			},
			static function ( $piece ) use ( &$text ) {
				$text .= $piece;
				return strlen( $text ) <= self::MOST_BYTES;
			},
			'__return_true'
		);
		if ( $failure && 0 === $status ) {
			return self::unreachable( $failure, $settings['service_url'] );
		}
		$answer = json_decode( $text, true );
		if ( 200 === $status && is_array( $answer ) && ! empty( $answer['ok'] ) && isset( $answer['site'] ) ) {
			return self::connected( $answer );
		}
		if ( is_array( $answer ) && isset( $answer['code'], $answer['status'] ) ) {
			return self::refused( $answer, $headers, $settings );
		}
		return self::something_else( $status, $headers, $settings['service_url'] );
	}

	/**
	 * What is not filled in yet.
	 *
	 * @param array<string, mixed> $settings As Settings::all() returns them.
	 * @return array|null
	 */
	private static function missing( array $settings ) {
		$names = array(
			'service_url' => __( 'service address', 'pennypress' ),
			'site_key'    => __( 'site key', 'pennypress' ),
			'secret'      => __( 'secret', 'pennypress' ),
		);
		foreach ( $names as $field => $name ) {
			if ( '' === $settings[ $field ] ) {
				return self::bad(
					/* translators: %s: name of a field */
					sprintf( __( 'The %s is missing.', 'pennypress' ), $name ),
					__( 'On the operator’s pages of your service, under Sites, you find all three; the plugin downloaded from there brings them along.', 'pennypress' )
				);
			}
		}
		return null;
	}

	/**
	 * The service answered as it should.
	 *
	 * @param array $answer Its JSON.
	 * @return array
	 */
	private static function connected( array $answer ) {
		$name    = isset( $answer['name'] ) && is_string( $answer['name'] ) && '' !== $answer['name'] ? $answer['name'] : $answer['site'];
		$version = isset( $answer['version'] ) && is_string( $answer['version'] ) ? $answer['version'] : '?';
		return array(
			'ok'     => true,
			/* translators: 1: name of the site, 2: version number */
			'text'   => sprintf( __( 'Connected as “%1$s” to Pennypress %2$s.', 'pennypress' ), $name, $version ),
			'advice' => __( 'Address, key, secret and clock are right.', 'pennypress' ),
			'answer' => $answer,
		);
	}

	/**
	 * No answer came at all.
	 *
	 * @param array{kind: string, message: string} $failure What the transport said.
	 * @param string                               $url     The service address.
	 * @return array
	 */
	private static function unreachable( array $failure, $url ) {
		$host = (string) wp_parse_url( $url, PHP_URL_HOST );
		switch ( $failure['kind'] ) {
			case 'dns':
				return self::bad(
					/* translators: %s: host name */
					sprintf( __( 'The name “%s” is not known: no server could be found by it (DNS).', 'pennypress' ), $host ),
					__( 'Look for a typing mistake in the service address. If the name is new, it may take some hours until it is known everywhere.', 'pennypress' )
				);
			case 'refused':
				return self::bad(
					/* translators: %s: address */
					sprintf( __( 'The server is there, but nothing listens at %s (connection refused).', 'pennypress' ), $url ),
					__( 'Is the service running? Does the address name the right port? A service that listens on 127.0.0.1 can be reached from its own machine only.', 'pennypress' )
				);
			case 'timeout':
				return self::bad(
					/* translators: %s: address */
					sprintf( __( 'No answer from %s in time.', 'pennypress' ), $url ),
					__( 'A firewall may be dropping the connection: allow this web server to call the service. Or the port is wrong.', 'pennypress' )
				);
			case 'tls':
				return self::bad(
					/* translators: 1: host name, 2: error message */
					sprintf( __( 'The encrypted connection to “%1$s” failed: %2$s', 'pennypress' ), $host, $failure['message'] ),
					__( 'The certificate may be out of date, be made out to another name, or come from an authority that this server does not know. If the service speaks plain HTTP on this port, begin its address with http://.', 'pennypress' )
				);
			default:
				return self::bad(
					/* translators: 1: address, 2: error message */
					sprintf( __( 'The call to %1$s failed: %2$s', 'pennypress' ), $url, $failure['message'] ),
					__( 'Check the service address, and that the service is running.', 'pennypress' )
				);
		}
	}

	/**
	 * A Pennypress service answered, and said no.
	 *
	 * @param array                 $answer   Its problem.
	 * @param array<string, string> $headers  Its headers.
	 * @param array<string, mixed>  $settings The settings that were tested.
	 * @return array
	 */
	private static function refused( array $answer, array $headers, array $settings ) {
		$detail = isset( $answer['detail'] ) && is_string( $answer['detail'] ) ? $answer['detail'] : '';
		if ( 'unknown_site' === $answer['code'] ) {
			return self::bad(
				/* translators: %s: site key */
				sprintf( __( 'The service does not know the site key “%s”.', 'pennypress' ), $settings['site_key'] ),
				__( 'Copy the key from the operator’s pages (Sites), or create this site there.', 'pennypress' )
			);
		}
		if ( 'bad_signature' === $answer['code'] ) {
			$date   = isset( $headers['date'] ) ? strtotime( $headers['date'] ) : false;
			$behind = false === $date ? 0 : $date - time();
			if ( abs( $behind ) > self::CLOCK_TOLERANCE ) {
				return self::bad(
					$behind > 0
						/* translators: %s: a number of seconds */
						? sprintf( __( 'This server’s clock is %s seconds behind the service’s.', 'pennypress' ), number_format_i18n( $behind ) )
						/* translators: %s: a number of seconds */
						: sprintf( __( 'This server’s clock is %s seconds ahead of the service’s.', 'pennypress' ), number_format_i18n( -$behind ) ),
					__( 'Signed requests are valid for five minutes. Set the wrong clock right (both servers should use NTP).', 'pennypress' )
				);
			}
			return self::bad(
				__( 'The secret is wrong for this site key.', 'pennypress' ),
				/* translators: %s: what the service said */
				trim( sprintf( __( 'Copy the secret again from the operator’s pages, whole and without spaces; if it is lost, make a new one there. The service said: %s', 'pennypress' ), $detail ) )
			);
		}
		return self::bad(
			/* translators: 1: HTTP status, 2: code of an error */
			sprintf( __( 'The service answered, but with an error (%1$s, %2$s).', 'pennypress' ), (int) $answer['status'], is_string( $answer['code'] ) ? $answer['code'] : '?' ),
			$detail
		);
	}

	/**
	 * Something answered that is no Pennypress service.
	 *
	 * @param int                   $status  Its HTTP status.
	 * @param array<string, string> $headers Its headers.
	 * @param string                $url     The service address.
	 * @return array
	 */
	private static function something_else( $status, array $headers, $url ) {
		if ( $status >= 300 && $status < 400 && isset( $headers['location'] ) ) {
			return self::bad(
				/* translators: 1: address, 2: address */
				sprintf( __( '%1$s sends its callers on to %2$s.', 'pennypress' ), $url, preg_replace( '#/api/v1/.*#s', '', $headers['location'] ) ),
				__( 'Enter the address that it leads to; often it is the same with https:// in front.', 'pennypress' )
			);
		}
		if ( $status >= 502 && $status <= 504 ) {
			return self::bad(
				/* translators: 1: address, 2: HTTP status */
				sprintf( __( 'A proxy answers at %1$s, but the service behind it does not (status %2$d).', 'pennypress' ), $url, $status ),
				__( 'Is the service running, and does the proxy send requests to the port that it listens on?', 'pennypress' )
			);
		}
		return self::bad(
			/* translators: 1: address, 2: HTTP status */
			sprintf( __( 'Something answers at %1$s, but it is not a Pennypress service (status %2$d).', 'pennypress' ), $url, $status ),
			__( 'Check host, port and path of the service address. In a browser, the right address shows a page with the chat.', 'pennypress' )
		);
	}

	/**
	 * A result that is not good.
	 *
	 * @param string $text   What is wrong.
	 * @param string $advice What to do.
	 * @return array{ok: bool, text: string, advice: string}
	 */
	private static function bad( $text, $advice ) {
		return array(
			'ok'     => false,
			'text'   => $text,
			'advice' => $advice,
		);
	}
}
