<?php
/**
 * The service's side of the site's content.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * Sends documents and asks what is there: /api/v1/documents of the service.
 */
final class Content_Service {

	/** Bytes of an answer that are read. */
	const MOST_BYTES = 4194304;

	/** Ids that are asked for at a time. */
	const PAGE = 1000;

	/** Seconds for a connection, and for everything. Nobody is waiting. */
	const CONNECT = 3;
	const TOTAL   = 60;

	/**
	 * Sends changes.
	 *
	 * @param string[] $documents Each a JSON object, of at most 8 MB together.
	 * @return array{0: array<string, array{outcome: string, detail: string}>|null, 1: Service_Trouble|null} What came of each, by
	 *                            the document's id; or what was wrong with all.
	 */
	public static function send( array $documents ) {
		$key  = (string) wp_json_encode( Settings::all()['site_key'] );
		$body = '{"site":' . $key . ',"documents":[' . implode( ',', $documents ) . ']}';
		list( $answer, $trouble ) = self::call( 'POST', array(), $body );
		if ( $trouble ) {
			return array( null, $trouble );
		}
		$outcomes = array();
		foreach ( isset( $answer['documents'] ) && is_array( $answer['documents'] ) ? $answer['documents'] : array() as $one ) {
			if ( isset( $one['id'], $one['outcome'] ) && is_string( $one['id'] ) && is_string( $one['outcome'] ) ) {
				$outcomes[ $one['id'] ] = array(
					'outcome' => $one['outcome'],
					'detail'  => isset( $one['detail'] ) && is_string( $one['detail'] ) ? $one['detail'] : '',
				);
			}
		}
		return array( $outcomes, null );
	}

	/**
	 * What the service has from this plugin.
	 *
	 * @param string $after The last id of the page before; empty for the first.
	 * @return array{0: array{versions: array<int, int>, next: string|null}|null, 1: Service_Trouble|null} Post id => version.
	 */
	public static function page( $after ) {
		$query = array( 'limit' => self::PAGE ) + ( '' === $after ? array() : array( 'after' => $after ) );
		list( $answer, $trouble ) = self::call( 'GET', $query, '' );
		if ( $trouble ) {
			return array( null, $trouble );
		}
		$versions = array();
		foreach ( isset( $answer['documents'] ) && is_array( $answer['documents'] ) ? $answer['documents'] : array() as $one ) {
			$post_id = isset( $one['id'] ) && is_string( $one['id'] ) ? Post_Document::post_id( $one['id'] ) : null;
			if ( null !== $post_id && isset( $one['modified'] ) && is_string( $one['modified'] ) ) {
				$versions[ $post_id ] = max( 1, self::version( $one['modified'] ) );
			}
		}
		$next = isset( $answer['next'] ) && is_string( $answer['next'] ) && $answer['next'] > $after ? $answer['next'] : null;
		return array( compact( 'versions', 'next' ), null );
	}

	/**
	 * A version as the service writes it (RFC 3339).
	 *
	 * @param int $version Milliseconds since 1970.
	 * @return string
	 */
	public static function time( $version ) {
		return gmdate( 'Y-m-d\TH:i:s', intdiv( $version, 1000 ) ) . sprintf( '.%03dZ', $version % 1000 );
	}

	/**
	 * A time of the service's as a version.
	 *
	 * @param string $time RFC 3339.
	 * @return int Milliseconds since 1970; 0 if it is no time.
	 */
	private static function version( $time ) {
		try {
			return (int) ( new \DateTimeImmutable( $time ) )->format( 'Uv' );
		} catch ( \Exception $error ) {
			return 0;
		}
	}

	/**
	 * One signed call.
	 *
	 * @param string                    $method `GET` or `POST`.
	 * @param array<string, string|int> $query  What to add to the address.
	 * @param string                    $body   JSON, or nothing.
	 * @return array{0: array|null, 1: Service_Trouble|null} The answer's JSON, or what went wrong.
	 */
	private static function call( $method, array $query, $body ) {
		$settings  = Settings::all();
		$transport = Transport::best();
		if ( ! $transport || ! Settings::complete( $settings ) ) {
			return array( null, new Service_Trouble( __( 'This site is not connected to a service.', 'pennypress' ) ) );
		}
		$status  = 0;
		$headers = array();
		$text    = '';
		$failure = $transport->send(
			array(
				'method'  => $method,
				'url'     => $settings['service_url'] . '/api/v1/documents?' . http_build_query( array( 'site' => $settings['site_key'] ) + $query ),
				'headers' => array_merge(
					array( 'Content-Type: application/json', 'Accept: application/json', 'User-Agent: Pennypress-Plugin/' . VERSION ),
					Signature::headers( $settings['secret'], $body )
				),
				'body'    => $body,
				'connect' => self::CONNECT,
				'total'   => self::TOTAL,
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
		if ( $failure ) {
			/* translators: %s: error message */
			return array( null, new Service_Trouble( sprintf( __( 'The service cannot be reached: %s', 'pennypress' ), $failure['message'] ) ) );
		}
		$answer = json_decode( $text, true, 16 );
		if ( 200 === $status && is_array( $answer ) && isset( $answer['documents'] ) ) {
			return array( $answer, null );
		}
		return array( null, Service_Trouble::from_answer( $status, $headers, $answer ) );
	}
}
